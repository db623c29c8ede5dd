"""Made-up ensembles that learn scikit-learn's digits, without training anything."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from learners import predictions_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from sklearn.datasets import load_digits

from created_equal.artefacts import SPLITS, make_dataset, write_predictions
from created_equal.figures import (
    figure_01,
    figure_02,
    figure_03,
    figure_04,
    figure_05,
    figure_06,
    figure_07,
    figure_08,
    figure_09,
    figure_10,
    figure_11,
    gallery,
    metrics,
    moved_examples,
    noise,
    robustness,
)
from created_equal.figures.style import styled
from created_equal.scores import Axis, Hypotheses, independent_networks, score_ensemble

# The functions that draw each figure, called with a study's title and an ensemble's name.
Drawings = dict[str, Callable[[str, str], Figure]]

CLASSES = 10
EPOCHS = 12
# Two special examples: one is right only at first, the other in every second network.
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

    An example is learned when skill, which grows with the epoch, exceeds its difficulty, with some
    noise per network. Before that it is taken for one of two wrong labels, of which one is specific
    to the example.
    """
    generator = np.random.default_rng(0)
    label = dataset["label"].values.astype(int)
    difficulty = generator.beta(1.3, 1.8, label.size) + 0.05 * label
    confusion = (label + generator.integers(1, CLASSES, label.size)) % CLASSES
    own = generator.normal(0, 0.06, (networks, 1, label.size))
    skill = 1.1 * (1 - np.exp(-pace * np.arange(epochs + 1)))[None, :, None]
    learned = skill + own * (skill > 0) > difficulty
    common = generator.integers(0, 2, (networks, epochs + 1, label.size))
    wrong = np.where(generator.random(common.shape) < 0.6, confusion, common)
    predictions = np.where(learned, label, wrong)
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
    """Return a function that makes up the scores of an ensemble."""

    def scores(networks: int = 8, epochs: int = EPOCHS, pace: float = 0.25) -> xr.Dataset:
        path = tmp_path_factory.mktemp("predictions") / "all.nc"
        made = predictions_of(make_up(dataset, networks, epochs, pace), dataset)
        write_predictions(made, path, {"made": "up", "pace": pace})
        return score_ensemble([path])

    return scores


@pytest.fixture(scope="session")
def scores(ensemble: Callable[..., xr.Dataset]) -> xr.Dataset:
    return ensemble()


@pytest.fixture(scope="session")
def other(ensemble: Callable[..., xr.Dataset]) -> xr.Dataset:
    """Return the scores of an ensemble that learns the same examples more slowly."""
    return ensemble(networks=6, pace=0.15)


@pytest.fixture(scope="session")
def boosting(dataset: xr.Dataset) -> xr.Dataset:
    """Return the predictions of a classifier that learns the same examples with growing k."""
    made = predictions_of(make_up(dataset, 1, 30, 0.1)[:, 1:], dataset, epochs=range(1, 31))
    return made.assign_coords(weak_learners=("network", [30]))


@pytest.fixture(scope="session")
def classifiers(dataset: xr.Dataset) -> dict[str, xr.Dataset]:
    """Return the predictions of seven classifiers of one epoch, the second with three seeds."""
    names = ("svm", "perceptron", "k_nearest_neighbours", "decision_tree", "random_forest")
    names += ("gaussian_naive_bayes", "adaboost")
    found = {}
    for number, name in enumerate(names):
        predicted = make_up(dataset, 3 if number == 1 else 1, 9, 0.05 * number)[:, -1:]
        found[name] = predictions_of(predicted, dataset, epochs=[1])
    return found


@pytest.fixture(scope="session")
def moved() -> dict[str, xr.Dataset]:
    """Return the scores of 8 networks with 12 examples moved to the test set, by group."""
    grown = 1 - np.exp(-0.3 * np.arange(EPOCHS + 1))
    own = np.random.default_rng(0).uniform(0, 0.1, (8, 1))
    return {
        group: xr.Dataset(
            {
                "accuracy_moved": (("network", "epoch"), np.clip(height * grown - own, 0, 1)),
                "moved": ("example", np.arange(40) < 12),
                **{
                    name: (("network", "epoch", "split"), np.tile(curve[None, :, None], (8, 1, 2)))
                    for name, curve in (("accuracy", grown), ("loss", 1 - grown))
                },
            },
            {"network": np.arange(8), "epoch": np.arange(EPOCHS + 1), "split": list(SPLITS)},
            {"classes": CLASSES, "definition": "{}"},
        )
        for group, height in (("easiest", 1.2), ("random", 0.8), ("hardest", 0.1))
    }


@pytest.fixture(scope="session")
def drawings_of(
    boosting: xr.Dataset, classifiers: dict[str, xr.Dataset], moved: dict[str, xr.Dataset]
) -> Callable[[xr.Dataset, xr.Dataset, xr.Dataset], Drawings]:
    """Return a function that returns the drawings of two ensembles' scores and their dataset."""

    def drawings(scores: xr.Dataset, other: xr.Dataset, dataset: xr.Dataset) -> Drawings:
        many = {f"variation_learning_rate_of_0_{number:02d}": other for number in range(15)}
        return {
            "figure_01": partial(figure_01.draw, scores),
            "figure_02": partial(figure_02.draw, scores),
            "figure_03": partial(figure_03.draw, scores),
            "figure_04": lambda title, name, **on: figure_04.draw(
                {name: scores, "other": other}, title, **on
            ),
            "figure_05": lambda title, name, **on: figure_05.draw(
                {name: scores, "linear": other}, title, **on
            ),
            "figure_06": partial(figure_06.draw, scores, boosting, baseline="adaboost"),
            "figure_07": partial(figure_07.draw, scores, classifiers),
            "figure_08": lambda title, name, **on: figure_08.draw(
                {name: scores, "hard": other}, title, **on
            ),
            "figure_09": partial(figure_09.draw, scores, dataset),
            "figure_10": partial(figure_10.draw, scores),
            "figure_11": partial(figure_11.draw, scores, dataset),
            "moved_examples": partial(moved_examples.draw, moved, scores),
            "robustness": lambda title, name, **on: robustness.draw(
                {name: scores, **many}, title, **on
            ),
            "gallery": partial(gallery.draw, scores, dataset),
            "noise": lambda *of, **on: noise.draw(
                noise_of(scores, other, dataset), NOISE, *of, **on
            ),
            "metrics": partial(metrics.draw, scores),
            "cross_dataset": lambda _, name, **on: robustness.draw(
                {f"digits: {name}": scores}, "All selected studies", **on
            ),
        }

    return drawings


NOISE = {key: f"{key}_networks" for key in ("ensemble", *noise.NOISES, *noise.HALVES)}


def noise_of(scores: xr.Dataset, other: xr.Dataset, dataset: xr.Dataset) -> Hypotheses:
    """Return one ensemble, and five that are equal, whose networks err independently."""
    of = {name: scores if key == "ensemble" else other for key, name in NOISE.items()}
    made = Hypotheses(of, {name: [Path("unused")] for name in of}, dataset)
    made.answers = lambda name: independent_networks(of[name], Axis(of[name]), 0)
    return made


@pytest.fixture(scope="session")
def drawings(
    drawings_of: Callable, scores: xr.Dataset, other: xr.Dataset, dataset: xr.Dataset
) -> Drawings:
    return drawings_of(scores, other, dataset)


@styled
def laid_out(figure: Figure) -> list[Text]:
    """Lay the figure out and return all visible texts."""
    FigureCanvasAgg(figure).draw()
    beyond = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip()
        and text.get_visible()
        and (text.axes is None or text.axes.axison)
        and text not in beyond
    ]


@pytest.fixture
def texts() -> Callable[[Figure], list[Text]]:
    return laid_out


@pytest.fixture
def words() -> Callable[[Figure], list[str]]:
    return lambda figure: [text.get_text() for text in laid_out(figure)]
