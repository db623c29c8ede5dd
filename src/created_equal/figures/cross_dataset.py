"""Cross-dataset figure: is consistency bi-modal on every dataset?"""

from collections.abc import Mapping

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.bimodality_curves import small_multiples
from created_equal.figures.style import heading, styled


@styled
def draw(studies: Mapping[str, xr.Dataset]) -> Figure:
    """Draw bi-modality over the epochs, with a panel for each study.

    Args:
        studies: scores by study and ensemble, for example ``"digits: st_vgg"``.
    """
    figure = small_multiples(studies)
    heading(
        figure,
        "All selected studies",
        "bi-modality of consistency on the test set, for one ensemble of each study",
        studies,
    )
    return figure
