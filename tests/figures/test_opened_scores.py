"""Figures that read of the scores only what they show are those of scores that are in memory."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from created_equal.artefacts import (
    definition_of,
    open_dataset,
    open_scores,
    write_dataset,
    write_scores,
)
from created_equal.figures import (
    cross_dataset,
    figure_01,
    figure_02,
    figure_03,
    figure_04,
    figure_05,
    figure_07,
    figure_08,
    figure_09,
    figure_10,
    figure_11,
    robustness,
)
from created_equal.figures.style import styled

DRAW = {
    "figure_01": lambda one, two, data, others: figure_01.draw(one, "Digits", "one"),
    "figure_02": lambda one, two, data, others: figure_02.draw(one, "Digits", "one"),
    "figure_03": lambda one, two, data, others: figure_03.draw(one, "Digits", "one"),
    "figure_04": lambda one, two, data, others: figure_04.draw({"1": one, "2": two}, "Digits"),
    "figure_05": lambda one, two, data, others: figure_05.draw({"1": one, "2": two}, "Digits"),
    "figure_07": lambda one, two, data, others: figure_07.draw(one, others, "Digits", "one"),
    "figure_08": lambda one, two, data, others: figure_08.draw({"1": one, "2": two}, "Digits"),
    "figure_09": lambda one, two, data, others: figure_09.draw(one, data, "Digits", "one"),
    "figure_10": lambda one, two, data, others: figure_10.draw(one, "Digits", "one"),
    "figure_11": lambda one, two, data, others: figure_11.draw(one, data, "Digits", "one"),
    "robustness": lambda one, two, data, others: robustness.draw({"1": one, "2": two}, "Digits"),
    "cross_dataset": lambda one, two, data, others: cross_dataset.draw({"1": one, "2": two}),
}


@styled
def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("figure", DRAW)
def test_opened_scores_give_the_same_figure(
    figure: str,
    scores: xr.Dataset,
    other: xr.Dataset,
    dataset: xr.Dataset,
    classifiers: dict[str, xr.Dataset],
    tmp_path: Path,
) -> None:
    for name, each in (("one", scores), ("two", other)):
        write_scores(each, tmp_path / f"{name}.nc", definition_of(each))
    write_dataset(dataset, tmp_path / "dataset.nc", {})
    expected = pixels(DRAW[figure](scores, other, dataset, classifiers))
    with (
        open_scores(tmp_path / "one.nc") as one,
        open_scores(tmp_path / "two.nc") as two,
        open_dataset(tmp_path / "dataset.nc") as data,
    ):
        assert np.array_equal(pixels(DRAW[figure](one, two, data, classifiers)), expected)
        # Nor has anything been read whole on the way.
        assert not any(
            each.variables[name]._in_memory
            for each, names in (
                (one, ("consistency", "consensus", "modal_label")),
                (two, ("consistency", "consensus", "modal_label")),
                (data, ("image",)),
            )
            for name in names
        )
