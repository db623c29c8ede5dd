"""Across data sets: is consistency bi-modal whatever the images are of?"""

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.bimodality_curves import small_multiples
from created_equal.figures.style import heading, styled


@styled
def draw(studies: Mapping[str, xr.Dataset]) -> Figure:
    """Draw bi-modality against the epoch, a panel for each study.

    Args:
        studies: study and ensemble, as ``"digits: st_vgg"``, to the ensemble's scores.
    """
    figure = small_multiples(studies)
    heading(
        figure,
        "All selected studies",
        "bi-modality of consistency on the test set, of one ensemble of each study",
        studies,
    )
    return figure
