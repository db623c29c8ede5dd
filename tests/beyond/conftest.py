"""Two ensembles whose test examples are some of MNIST's that people were asked about."""

import numpy as np
import pytest
from learners import EXAMPLES, LABELS, TEST, TRAIN, K, write_ensemble

from created_equal.artefacts import make_dataset, open_scores, read_predictions
from created_equal.beyond.label_errors import asked_about
from created_equal.claims.evidence import Evidence
from created_equal.study import SOURCE_SIZES

NETWORKS = 20


@pytest.fixture(scope="session")
def names():
    """Names of six doubted, six confirmed and 18 other test examples, in this order."""
    doubted, confirmed = (ids[:6] for ids in asked_about("mnist"))
    others = np.setdiff1d(np.arange(200), np.concatenate(asked_about("mnist")))[: TEST - 12]
    return SOURCE_SIZES["mnist"][0] + np.concatenate([doubted, confirmed, others])


@pytest.fixture(scope="session")
def evidence(names, tmp_path_factory):
    """Evidence in which doubted examples are the hardest, and then confirmed ones."""
    folder = tmp_path_factory.mktemp("beyond")
    positions = np.append(np.arange(TRAIN), names)
    order = np.argsort(positions)
    difficulty = np.concatenate(
        [
            np.linspace(0, 1, TRAIN),
            [1.4] * 5,
            [0.3],
            [0.7] * 5,
            [0.1],
            np.linspace(0, 0.6, TEST - 12),
        ]
    )
    paths = {
        name: write_ensemble(
            folder / name, difficulty[order], LABELS, NETWORKS, seed, positions[order], "mnist"
        )
        for seed, name in enumerate(("one", "other"))
    }
    images = np.random.default_rng(0).integers(0, 255, (EXAMPLES, 2, 2, 1), dtype=np.uint8)
    is_test = positions[order] >= SOURCE_SIZES["mnist"][0]
    dataset = make_dataset(images, LABELS, positions[order], is_test, list("abc")[:K])
    return Evidence(
        study="made_up",
        data="made_up",
        roles={"figure_01.ensemble": ("one",), "figure_04.ensembles": ("one", "other")},
        epochs={},
        dataset=dataset.assign_attrs(definition='{"source": "mnist"}'),
        scores={name: open_scores(path) for name, path in paths.items()},
        predictions={
            name: sorted((path.parent / "predictions").glob("*")) for name, path in paths.items()
        },
        moved={},
    )


@pytest.fixture(scope="session")
def last(evidence):
    """By ensemble, whether each network is right about each test example in the end, and labels."""
    found = {}
    for name, (path,) in evidence.predictions.items():
        predictions = read_predictions(path)
        test = predictions.isel(epoch=-1, example=predictions["example_split"].values == "test")
        found[name] = test["prediction"].values, test["label"].values
    return found
