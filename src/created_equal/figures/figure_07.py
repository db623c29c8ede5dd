"""Figure 7: other classifiers on the examples that networks get right, and on the others."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import select_epochs, select_split
from created_equal.figures import style
from created_equal.figures.selection import align, check_epochs
from created_equal.scores import band_of_mean, majority_right

RIGHT, WRONG = style.PAIR
THICKNESS = 0.38


@style.styled
def draw(
    scores: xr.Dataset,
    baselines: Mapping[str, xr.Dataset],
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None = None,
) -> Figure:
    """Draw each classifier's accuracy on the test examples that the ensemble gets right and wrong.

    The ensemble is right about an example if more than half of its networks are. There is a panel
    for each of two epochs, by default 1 and the last. ``baselines`` has the predictions of each
    classifier; accuracies are means over its seeds.
    """
    epochs = check_epochs(scores, epochs or (1, int(scores["epoch"].max())), 2, "figure_07")
    right = {}
    for name, predictions in baselines.items():
        cnn, classifier = align(scores, predictions, "test", "figure_07", (ensemble, name))
        right[name] = classifier["prediction"].isel(epoch=-1).values == cnn["label"].values
    cnn = select_split(select_epochs(scores, epochs), "test")
    figure = style.page(2.2 + 0.5 * len(right))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, letter, epoch in zip(panels, ascii_lowercase, epochs, strict=False):
        cnn_right = majority_right(cnn["n_right"].sel(epoch=epoch).values, cnn.sizes["network"])
        _panel(axes, list(right.values()), cnn_right)
        counts = f"{cnn_right.sum():,} right, {(~cnn_right).sum():,} wrong"
        axes.set_title(f"({letter}) epoch {epoch}\n{ensemble}: {counts}")
        axes.set_xlabel("accuracy of the classifier")
    panels[0].set_yticks(range(len(right)), [accuracy_words(*each) for each in right.items()])
    panels[0].invert_yaxis()
    details = f"{style.describe(ensemble, scores, epochs)}; test set"
    style.heading(figure, title, details, {ensemble: scores})
    style.footing_of_legend(
        figure,
        f"{ensemble} gets an example right if more than half of its networks do. Error bars: "
        "95 % intervals over examples. Under each name: accuracy on all test examples, mean "
        "(and range) over seeds.",
        [
            Patch(label=f"examples that {ensemble} gets right", **RIGHT),
            Patch(label=f"examples that {ensemble} gets wrong", **WRONG),
        ],
    )
    return figure


def accuracy_words(name: str, right: np.ndarray) -> str:
    """Return a classifier's name and its accuracy; ``right`` is (seed, example) bool."""
    accuracy = right.mean(axis=1)
    seeds = f" ({accuracy.min():.2f} to {accuracy.max():.2f})" if len(accuracy) > 1 else ""
    return f"{style.wrap_name(name, 22)}\naccuracy {accuracy.mean():.2f}{seeds}"


def _panel(axes: Axes, classifiers: Sequence[np.ndarray], cnn_right: np.ndarray) -> None:
    for group, look, shift in ((cnn_right, RIGHT, -0.5), (~cnn_right, WRONG, 0.5)):
        if not group.any():
            continue
        values = np.array([right[:, group].mean(axis=0) for right in classifiers])
        means = values.mean(axis=1)
        lower, upper = band_of_mean(values).T
        axes.barh(
            np.arange(len(values)) + shift * THICKNESS,
            means,
            THICKNESS,
            xerr=np.clip([means - lower, upper - means], 0, None),
            error_kw={"elinewidth": 0.9, "capsize": 2},
            **style.EDGES,
            **look,
        )
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
