"""Robustness: is consistency bi-modal for all architectures and hyper-parameters?"""

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.bimodality_curves import small_multiples
from created_equal.figures.style import heading, styled


@styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw bi-modality over the epochs, with a panel for each ensemble of the study.

    Args:
        ensembles: scores of each ensemble by name.
        title: the study's title.
    """
    figure = small_multiples(ensembles)
    heading(
        figure,
        title,
        "bi-modality of consistency on the test set, for ensembles trained with different settings",
        ensembles,
    )
    return figure
