"""The gallery: the easiest, the hardest and the most disputed images of each class."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import consensus, consistency
from created_equal.figures import style
from created_equal.figures.images import class_name, draw_row, images_of
from created_equal.scores import BLOCKS, LEAST_CONSENSUS, MOST_CONSISTENCY, extremes

IN_TABLE = 20
"""The number of examples of each block in the table, at most."""
MOST_CLASSES = 10
LONGEST_NAME, LONGEST_LINE = 8, 8
BLOCK, LINE = 1.71, 0.154
"""The width of a block and the height of a line, in inches."""


@style.styled
def draw(
    scores: xr.Dataset, dataset: xr.Dataset, title: str, ensemble: str, data_root: Path = Path()
) -> Figure:
    """Draw a row of images for each class, in four blocks, see ``scores.extremes``.

    A block has three images, or two if names of classes are long. Of more than ``MOST_CLASSES``
    classes, those are drawn that have the most images that are agreed but wrong.

    Raises:
        InputError: the dataset does not have the examples, or their files are missing or have
            changed.
    """
    blocks = list(extremes(scores, scores.sizes["example"]))
    doubtful = np.array([len(block.examples) for block in blocks if block.name == BLOCKS[-1]])
    labels = sorted(np.argsort(-doubtful, kind="stable")[:MOST_CLASSES].tolist())
    names = [class_name(dataset, label, LONGEST_NAME) for label in range(scores.attrs["classes"])]
    # Captions of long names have two lines, and need larger images.
    longest = max(names, key=style.drawn_length)
    columns, lines = (3, 1) if _fits_in_a_line(longest, longest) else (2, 2)
    width = BLOCK / columns
    row_height = 1.14 + lines * LINE / width
    figure = style.page(1.35 + width * row_height * len(labels))
    grid = dict(zip(BLOCKS, figure.subplots(1, len(BLOCKS)), strict=True))
    left_out = dict.fromkeys(BLOCKS, 0)
    for block in blocks:
        if block.label in labels:
            examples = scores.isel(example=block.examples[:columns], epoch=-1)
            left_out[block.name] += int(block.equal_later[:columns][-1:].sum())
            images = images_of(examples["example"].values, dataset, data_root, "gallery", ensemble)
            words = [
                caption(names[block.label], names[each]) for each in examples["modal_label"].values
            ]
            draw_row(grid[block.name], row_height * labels.index(block.label), images, words)
    for name, axes in grid.items():
        axes.set_title(name, loc="left", fontweight="bold")
        axes.set(xlim=(0, columns), ylim=(row_height * len(labels), 0), aspect="equal")
        axes.set(xticks=(), yticks=())
        axes.spines[:].set_visible(False)
    last = scores["epoch"].values[-1]
    details = style.describe_all_epochs(ensemble, scores, 0)
    if len(labels) < scores.attrs["classes"]:
        which = (
            "those with the most images that are agreed but wrong"
            if doubtful.any()
            else "the first ones, since no image is agreed but wrong"
        )
        details += f"; {len(labels)} of {scores.attrs['classes']} classes, {which}"
    style.heading(figure, title, details, {ensemble: scores})
    least, most = (f"{100 * share:.0f}\u00a0%" for share in (LEAST_CONSENSUS, MOST_CONSISTENCY))
    style.footing(
        figure,
        f"Below each image: its label → the label that most networks give after epoch {last}, if "
        "it is another. Easiest and hardest: the highest and the lowest accessibility. Most "
        f"disputed: the lowest consensus. Agreed but wrong: at least {least} of the networks give "
        f"one label and at most {most} the image's own.{_ties_in_words(left_out)}",
    )
    return figure


def table(scores: xr.Dataset, dataset: xr.Dataset) -> pd.DataFrame:
    """Return the gallery as a table, up to ``IN_TABLE`` examples of each block and class.

    Consistency, consensus and the most frequent label are those after the last epoch; equal_later
    counts the examples of the block that come later, here or left out, with the same score.
    """
    names = dataset["class_name"].values.astype(str)
    last = scores.isel(epoch=-1).load()
    parts = []
    for block in extremes(scores, IN_TABLE):
        of_block = last.isel(example=block.examples)
        examples, modal = of_block["example"].values, of_block["modal_label"].values
        columns = {
            "class": names[block.label],
            "block": block.name,
            "rank": np.arange(1, len(examples) + 1),
            "equal_later": block.equal_later,
            "example": examples,
            "split": of_block["example_split"].values,
            "label": block.label,
            "modal_label": modal,
            "modal_class": names[modal],
            "consistency": consistency(of_block).values,
            "consensus": consensus(of_block).values,
            "accessibility": of_block["accessibility"].values,
        }
        hashes = dataset["pixel_hash"].sel(example=examples).values
        columns["pixel_hash"] = [f"{each:016x}" for each in hashes.tolist()]
        if "file" in dataset:
            columns["file"] = dataset["file"].sel(example=examples).values
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def caption(own: str, other: str) -> str:
    """Return an image's label and, after an arrow, what most networks take it for instead."""
    if own == other:
        return own
    return f"{own} → {other}" if _fits_in_a_line(own, other) else f"{own} →\n{other}"


def _ties_in_words(left_out: dict[str, int]) -> str:
    """Return a sentence about the images tied with the last ones shown of their class, if any."""
    counts = [f"{count:,} {name}" for name, count in left_out.items() if count]
    if not counts:
        return ""
    return (
        " Of tied images, those with the lowest positions are shown; left out, though tied with "
        f"the last one shown of their class: {', '.join(counts)}."
    )


def _fits_in_a_line(own: str, other: str) -> bool:
    return style.drawn_length(f"{own} → {other}") <= LONGEST_LINE
