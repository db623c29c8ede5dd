from pathlib import Path

import lightning
import numpy as np
import pytest
import torch
from own_training import NAMES, Data, make_model, predict
from torch import nn

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.recorder import Recorder
from created_equal.recorder.lightning import Predictions


class Module(lightning.LightningModule):
    def __init__(self, seed: int = 0):
        super().__init__()
        self.model = make_model(seed)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.model(inputs)

    def training_step(self, batch: list, _: int) -> torch.Tensor:
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    validation_step = training_step

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.2)


class Expected(lightning.Callback):
    """What the module says after each epoch, found by another way."""

    def __init__(self, data: Data):
        self.data, self.found = data, []

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Module) -> None:
        self.found.append(predict(pl_module.model, self.data.inputs["test"]).argmax(axis=1))


def trainer(
    folder: Path, epochs: int, *callbacks: lightning.Callback, devices: int = 1, max_steps: int = -1
) -> lightning.Trainer:
    return lightning.Trainer(
        max_epochs=epochs,
        max_steps=max_steps,
        accelerator="cpu",
        devices=devices,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def train(folder: Path, data: Data, *callbacks: lightning.Callback) -> Module:
    module = Module()
    loader = data.loader("train", shuffle=True)
    trainer(folder, 3, *callbacks).fit(module, loader, data.loader("test"))
    return module


def test_a_module_is_recorded(tmp_path, data):
    expected = Expected(data)
    with Recorder(tmp_path, 5, data.labels, NAMES) as recorder:
        train(tmp_path, data, Predictions(recorder, data.loaders()), expected)
    found = read_predictions(tmp_path / "0005.nc").sel(network=5)
    assert found["epoch"].values.tolist() == [0, 1, 2, 3]
    on_test = found["prediction"].isel(example=found["example_split"].values == "test").values
    np.testing.assert_array_equal(on_test[1:], expected.found)
    np.testing.assert_array_equal(
        on_test[0], predict(make_model(), data.inputs["test"]).argmax(axis=1)
    )
    assert found["accuracy"].values[-1].min() > 0.5


def test_the_training_is_the_same_without_it(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    with_it = train(tmp_path, data, Predictions(recorder, data.loaders())).state_dict()
    without = train(tmp_path, data).state_dict()
    assert all(torch.equal(with_it[name], without[name]) for name in without)


def test_a_training_that_goes_on_from_a_checkpoint(tmp_path, data):
    for epochs, checkpoint in ((2, None), (4, tmp_path / "last.ckpt")):
        recorder = Recorder(tmp_path, 0, data.labels, NAMES)
        of = trainer(tmp_path, epochs, Predictions(recorder, data.loaders()))
        of.fit(Module(), data.loader("train"), ckpt_path=checkpoint)
        of.save_checkpoint(tmp_path / "last.ckpt")
    assert recorder.epochs == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("epochs", "max_steps", "recorded"), [(5, 6, 1), (5, 8, 2), (2, -1, 2)])
def test_an_epoch_that_is_cut_short_is_not_recorded(tmp_path, data, epochs, max_steps, recorded):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    of = trainer(tmp_path, epochs, Predictions(recorder, data.loaders()), max_steps=max_steps)
    of.fit(Module(), data.loader("train", batch_size=75))  # four batches
    assert recorder.epochs == list(range(recorded + 1))


def test_a_loader_that_shuffles_ends_the_training(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    loaders = data.loaders(shuffle=True)
    with pytest.raises(InputError, match=r"^loaders\['train'\] shuffles"):
        train(tmp_path, data, Predictions(recorder, loaders))
