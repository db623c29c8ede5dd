"""The code in docs/recorder.md runs as it is there."""

import re
from pathlib import Path

import datasets
import keras
import pytest
import torch
from own_training import NAMES, make_model, train_for_one_epoch
from test_keras import make_network
from test_lightning import Module
from test_transformers import Classifier

from created_equal.artefacts import read_predictions

PAGE = (Path(__file__).parents[2] / "docs" / "recorder.md").read_text("utf-8")
BLOCKS = {
    part.splitlines()[0]: re.search(r"```python\n(.*?)```", part, re.DOTALL)
    for part in re.split(r"^#+ ", PAGE, flags=re.MULTILINE)[1:]
}
CODE = {heading: found[1] for heading, found in BLOCKS.items() if found}
OWN = "Predictions that you already compute"
MODELS = {"Transformers": Classifier, "Keras": lambda: make_network("softmax")}


def test_every_way_to_record_is_on_the_page():
    headings = ["Record your own training", OWN, "Lightning", "Transformers", "Keras"]
    assert list(CODE) == headings
    assert PAGE.count("```python") == len(CODE)


@pytest.mark.parametrize("heading", CODE)
def test_the_code_of_the_page(heading, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train_loader = data.loader("train", shuffle=True)
    inputs = torch.from_numpy(data.inputs["test"])
    names = {
        "seed": 4,
        "names": NAMES,
        **{f"x_{split}": array for split, array in data.inputs.items()},
        **{f"y_{split}": array for split, array in data.labels.items()},
        "loaders": data.loaders(),
        "train_loader": train_loader,
        "model": MODELS.get(heading, make_model)(),
        "module": Module(),
        "datasets": {
            split: datasets.Dataset.from_dict({"inputs": data.inputs[split], "labels": labels})
            for split, labels in data.labels.items()
        },
        "train_for_one_epoch": lambda model: train_for_one_epoch(model, train_loader),
        "batches_of_test_set": [(range(50), inputs[:50]), (range(50, 100), inputs[50:])],
    }
    exec(CODE[heading], names)
    epochs = read_predictions(tmp_path / "predictions" / "0004.nc")["epoch"].values.tolist()
    assert epochs == list(range(1 if heading == OWN else 0, 6))
    assert keras.backend.backend() == "torch"
