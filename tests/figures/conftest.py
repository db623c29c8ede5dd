"""Made-up ensembles that learn scikit-learn's digits, without training anything."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sklearn.datasets import load_digits

from created_equal.artefacts import make_dataset, make_predictions, write_predictions
from created_equal.scores import score_ensemble

CLASSES = 10
EPOCHS = 12
# Two examples that go their own ways: right at first and never later; right in every other network.
FORGOTTEN, HALF_RIGHT = 7, 11


@pytest.fixture(scope="session")
def dataset() -> xr.Dataset:
    digits = load_digits()
    images = np.clip(digits.images[:400] * 16, 0, 255).astype(np.uint8)[..., None]
    return make_dataset(
        images,
        digits.target[:400],
        np.arange(400),
        np.arange(400) >= 250,
        [str(name) for name in digits.target_names],
    )


def make_up(dataset: xr.Dataset, networks: int, epochs: int, pace: float) -> np.ndarray:
    """Return predictions (network, epoch, example) of networks that learn in a common order.

    An example is learnt when skill, which grows with the epoch, passes its difficulty, give or
    take what is the network's own; what is not learnt is taken for one of two labels, one of
    them the example's own confusion.
    """
    generator = np.random.default_rng(0)
    label = dataset["label"].values.astype(int)
    difficulty = generator.beta(1.3, 1.8, label.size) + 0.05 * label
    confusion = (label + generator.integers(1, CLASSES, label.size)) % CLASSES
    own = generator.normal(0, 0.06, (networks, 1, label.size))
    skill = 1.1 * (1 - np.exp(-pace * np.arange(epochs + 1)))[None, :, None]
    learnt = skill + own * (skill > 0) > difficulty
    common = generator.integers(0, 2, (networks, epochs + 1, label.size))
    wrong = np.where(generator.random(common.shape) < 0.6, confusion, common)
    predictions = np.where(learnt, label, wrong)
    predictions[:, 0] = generator.integers(0, CLASSES, predictions[:, 0].shape)
    predictions[:, 4:, FORGOTTEN] = (label[FORGOTTEN] + 1) % CLASSES
    predictions[:, 1:4, FORGOTTEN] = label[FORGOTTEN]
    predictions[::2, :, HALF_RIGHT] = label[HALF_RIGHT]
    predictions[1::2, :, HALF_RIGHT] = (label[HALF_RIGHT] + 1) % CLASSES
    return predictions


@pytest.fixture(scope="session")
def ensemble(
    dataset: xr.Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., xr.Dataset]:
    """Return a function that makes up the scores of an ensemble of so many networks."""
    label = dataset["label"].values
    of_test = dataset["example_split"].values == "test"

    def scores(networks: int = 8, epochs: int = EPOCHS, pace: float = 0.25) -> xr.Dataset:
        predictions = make_up(dataset, networks, epochs, pace)
        right = predictions == label
        accuracy = np.stack([right[..., ~of_test].mean(-1), right[..., of_test].mean(-1)], axis=-1)
        path = tmp_path_factory.mktemp("predictions") / "all.nc"
        made = make_predictions(predictions, accuracy, 1 - accuracy, np.arange(networks), dataset)
        write_predictions(made, path, {"made": "up", "pace": pace})
        return score_ensemble([Path(path)])

    return scores


@pytest.fixture(scope="session")
def scores(ensemble: Callable[..., xr.Dataset]) -> xr.Dataset:
    return ensemble()
