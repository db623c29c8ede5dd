"""Figure 7: what other classifiers get right of what a CNN gets right, and of what it does not."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import at_epochs, of_split
from created_equal.figures.alignment import lined_up
from created_equal.figures.style import (
    HATCH_COLOUR,
    LETTERS,
    PALETTE,
    broken,
    check_epochs,
    describe,
    footing_of_legend,
    heading,
    page,
    styled,
)
from created_equal.scores import band_of_mean, majority_right

RIGHT = {"facecolor": PALETTE[0], "hatch": ""}
WRONG = {"facecolor": PALETTE[3], "hatch": "////"}
THICKNESS = 0.38


@styled
def draw(
    scores: xr.Dataset,
    baselines: Mapping[str, xr.Dataset],
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None = None,
) -> Figure:
    """Draw each classifier's fraction right where the ensemble's majority is right, and wrong.

    All is of the test set; the ensemble is right about an example if more than half of its networks
    are. A classifier's fraction is the mean over its seeds, trained to the end.

    Args:
        scores: the ensemble's scores, as ``read_scores`` returns them.
        baselines: the classifiers' predictions by their names.
        title: the study's title.
        ensemble: the ensemble's name.
        epochs: two of the ensemble's; None: 1 and the last.

    Raises:
        InputError: not two epochs, epochs that the networks were not trained for, or classifiers of
            another dataset.
    """
    chosen = check_epochs(scores, epochs or (1, int(scores["epoch"].max())), 2, "figure_07")
    right = {
        name: _right(scores, predictions, ensemble, name) for name, predictions in baselines.items()
    }
    cnn = of_split(at_epochs(scores, chosen), "test")
    figure = page(2.2 + 0.5 * len(right))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, letter, epoch in zip(panels, LETTERS, chosen, strict=False):
        of_cnn = majority_right(cnn["n_right"].sel(epoch=epoch).values, cnn.sizes["network"])
        _panel(axes, list(right.values()), of_cnn)
        axes.set_title(
            f"({letter}) epoch {epoch}\n{ensemble}: {of_cnn.sum():,} right, "
            f"{(~of_cnn).sum():,} wrong",
            loc="left",
        )
        axes.set_xlabel("fraction that the classifier gets right")
    panels[0].set_yticks(range(len(right)), [own_words(*each) for each in right.items()])
    panels[0].invert_yaxis()
    details = f"{describe(ensemble, scores, chosen)}; test set"
    heading(figure, title, details, {ensemble: scores})
    footing_of_legend(
        figure,
        "Right by majority: more than half of the networks are. Error bars: 95 % over the "
        "examples. At the names: the accuracy on all test examples, with several seeds their mean "
        "and range.",
        [
            Patch(label=f"of the examples that {ensemble} gets right", **RIGHT),
            Patch(label=f"of those that {ensemble} gets wrong", hatchcolor=HATCH_COLOUR, **WRONG),
        ],
    )
    return figure


def own_words(name: str, right: np.ndarray) -> str:
    """Return a classifier's name and, below it, its accuracy, with the range over its seeds.

    Args:
        name: the classifier's.
        right: (seed, example) bool.
    """
    accuracy = right.mean(axis=1)
    seeds = f" ({accuracy.min():.2f} to {accuracy.max():.2f})" if len(accuracy) > 1 else ""
    return f"{broken(name, 22)}\naccuracy {accuracy.mean():.2f}{seeds}"


def _right(scores: xr.Dataset, predictions: xr.Dataset, ensemble: str, name: str) -> np.ndarray:
    of_cnn, of_other = lined_up(scores, predictions, "test", "figure_07", (ensemble, name))
    return of_other["prediction"].isel(epoch=-1).values == of_cnn["label"].values


def _panel(axes: Axes, classifiers: Sequence[np.ndarray], of_cnn: np.ndarray) -> None:
    for group, look, shift in ((of_cnn, RIGHT, -0.5), (~of_cnn, WRONG, 0.5)):
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
            edgecolor="white",
            linewidth=0.3,
            hatchcolor=HATCH_COLOUR,
            **look,
        )
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
