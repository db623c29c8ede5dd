"""Robustness: is consistency bi-modal whatever the architecture and the hyper-parameters?"""

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.bimodality_curves import small_multiples
from created_equal.figures.style import heading, styled


@styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw bi-modality against the epoch, a panel for each ensemble of the study.

    Args:
        ensembles: name to scores of each ensemble.
        title: the study's title.
    """
    figure = small_multiples(ensembles)
    heading(
        figure,
        title,
        "bi-modality of consistency on the test set, of ensembles that are trained differently",
        ensembles,
    )
    return figure
