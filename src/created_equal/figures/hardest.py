"""The sheet of the hardest images of each split, with what most networks take them for."""

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS
from created_equal.figures import style
from created_equal.figures.gallery import caption
from created_equal.figures.images import class_name, draw_row, images_of
from created_equal.scores import equal_later

COLUMNS, ROWS = 7, 3
LONGEST_NAME = 11
ROW = 1.5
"""The height of a row, with three lines below the images, in widths of an image."""


@style.styled
def draw(
    scores: xr.Dataset, dataset: xr.Dataset, title: str, ensemble: str, data_root: Path = Path()
) -> Figure:
    """Draw the images of each split with the lowest accessibility, the hardest first.

    Raises:
        InputError: the dataset does not have the examples, or their files are missing or have
            changed.
    """
    places = {split: hardest(scores, split, COLUMNS * ROWS) for split in SPLITS}
    rows = [max(1, -(-len(of_split) // COLUMNS)) for of_split in places.values()]
    figure = style.page(1.6 + style.PAGE_WIDTH / COLUMNS * ROW * sum(rows))
    grid = figure.subplots(len(SPLITS), 1, height_ratios=rows)
    for axes, n_rows, (split, of_split) in zip(grid, rows, places.items(), strict=True):
        axes.set_title(f"{split} set", loc="left", fontweight="bold")
        axes.set_title(ties_in_words(scores, split, len(of_split)), loc="right")
        for row in range(n_rows):
            shown = scores.isel(epoch=-1, example=of_split[row * COLUMNS : (row + 1) * COLUMNS])
            images = images_of(
                shown["example"].values, dataset, data_root, "the sheet of the hardest", ensemble
            )
            draw_row(axes, row * ROW, images, _captions(shown, dataset))
        axes.set(xlim=(0, COLUMNS), ylim=(ROW * n_rows, 0))
        axes.set(aspect="equal", xticks=(), yticks=())
        axes.spines[:].set_visible(False)
    details = style.describe_all_epochs(ensemble, scores, 1)
    style.heading(figure, title, f"the hardest images, {details}", {ensemble: scores})
    style.footing(
        figure,
        "Hardest first: the lowest accessibility, the mean over epochs of the share of networks "
        "that are right. Below each image: its label → the label that most networks give after the "
        "last epoch, if it is another; then its accessibility, and its position in the source. Of "
        "tied images, those with the lowest positions are shown.",
    )
    return figure


def hardest(scores: xr.Dataset, split: str, most: int) -> np.ndarray:
    """Return the indices of a split's examples with the lowest accessibility, the lowest first.

    Of tied examples the lowest position comes first.
    """
    places = np.flatnonzero(scores["example_split"].values == split)
    keys = scores["example"].values[places], scores["accessibility"].values[places]
    return places[np.lexsort(keys)[:most]]


def ties_in_words(scores: xr.Dataset, split: str, shown: int) -> str:
    """Return how many examples of a split are as hard as the last of the ``shown`` hardest.

    For example, ``"52 images have accessibility 0; 20 of them are shown"``; nothing if all are.
    """
    ordered = scores["accessibility"].values[hardest(scores, split, scores.sizes["example"])]
    left_out = equal_later(ordered)[shown - 1] if shown else 0
    if not left_out:
        return ""
    score = ordered[shown - 1]
    equal = (ordered == score).sum()
    are = "is" if equal - left_out == 1 else "are"
    return (
        f"{equal:,} images have accessibility {score:.3g}; {equal - left_out} of them {are} shown"
    )


def _captions(examples: xr.Dataset, dataset: xr.Dataset) -> list[str]:
    names = [class_name(dataset, label, LONGEST_NAME) for label in range(examples.attrs["classes"])]
    columns = (
        examples[name].values for name in ("label", "modal_label", "accessibility", "example")
    )
    return [
        f"{caption(names[own], names[modal])}\n{score:.2f}, {position}"
        for own, modal, score, position in zip(*columns, strict=True)
    ]
