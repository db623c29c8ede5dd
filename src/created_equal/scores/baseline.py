"""The scores of a classifier that is not a neural network."""

import xarray as xr

from created_equal.artefacts import consistency


def scores_of_baseline(predictions: xr.Dataset) -> xr.Dataset:
    """Return the scores of a baseline that claims need.

    Args:
        predictions: from ``read_predictions``.

    Returns:
        n_right (epoch, example) of the random states; accessibility (example), the mean consistency
        over all epochs (there is no untrained one); accuracy (network, epoch, split); label
        (example).
    """
    scores = xr.Dataset(
        {
            "n_right": (predictions["prediction"] == predictions["label"]).sum("network"),
            "accuracy": predictions["accuracy"],
            "label": predictions["label"],
        },
        attrs={name: predictions.attrs[name] for name in ("classes", "definition")},
    )
    return scores.assign(accessibility=consistency(scores).mean("epoch"))
