"""The joint distribution of two scores of the same examples."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import xarray as xr
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from created_equal.figures import style

CELLS = 24


@style.styled
def draw(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    labels: tuple[str, str],
    title: str,
    caption: str,
    ensembles: Mapping[str, xr.Dataset] = MappingProxyType({}),
) -> Figure:
    """Draw a panel for each split: the number of examples by both scores, in hexagons.

    ``panels`` has both scores (example,) of the examples of each split, and ``labels`` names these
    scores; ``caption`` is the text below. A warning names the ``ensembles`` that did not learn.
    """
    figure = style.page(4.4)
    grid = figure.subplots(1, max(2, len(panels)), squeeze=False)[0]
    for axes, (split, (one, other)) in zip(grid, panels.items(), strict=False):
        look = {"cmap": "viridis", "norm": LogNorm(), "linewidths": 0.2}
        cells = axes.hexbin(one, other, gridsize=CELLS, mincnt=1, **look)
        ticks = [10**power for power in range(int(np.log10(max(cells.get_array()))) + 1)]
        bar = figure.colorbar(cells, ax=axes, aspect=30, label="examples", ticks=ticks)
        bar.set_ticklabels([f"{tick:,}" for tick in ticks])
        bar.minorticks_off()
        axes.set(title=f"{split}: {len(one):,} examples", xlabel=labels[0], ylabel=labels[1])
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    style.heading(figure, title, f"{labels[1]} against {labels[0]}", ensembles)
    style.footing(figure, caption)
    return figure
