"""Figures drawn from lazily opened scores equal figures drawn from scores in memory."""

from collections.abc import Callable
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
from created_equal.figures.style import styled
from created_equal.study import CROSS_DATASET, FIGURES


@styled
def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
def test_opened_scores_give_the_same_figure(
    figure: str,
    scores: xr.Dataset,
    other: xr.Dataset,
    dataset: xr.Dataset,
    drawings_of: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("created_equal.artefacts.scores.IN_MEMORY", 0)  # As of large studies.
    for name, each in (("one", scores), ("two", other)):
        write_scores(each, tmp_path / f"{name}.nc", definition_of(each))
    write_dataset(dataset, tmp_path / "dataset.nc", {})

    def drawn(*opened: xr.Dataset) -> np.ndarray:
        return pixels(drawings_of(*opened)[figure]("Digits", "one"))

    expected = drawn(scores, other, dataset)
    with (
        open_scores(tmp_path / "one.nc") as one,
        open_scores(tmp_path / "two.nc") as two,
        open_dataset(tmp_path / "dataset.nc") as data,
    ):
        assert np.array_equal(drawn(one, two, data), expected)
        # No variable was read as a whole.
        assert not any(
            each.variables[name]._in_memory
            for each, names in (
                (one, ("n_right", "modal_label", "n_modal", "n_runner_up")),
                (two, ("n_right", "modal_label", "n_modal", "n_runner_up")),
                (data, ("image",)),
            )
            for name in names
        )
