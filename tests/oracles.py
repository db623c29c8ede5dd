"""What scores must come to, by other means than theirs."""

import numpy as np
from scipy import stats


def bimodality(values: np.ndarray) -> float:
    """Return Pearson's measure of bi-modality of values (example,) by scipy; NaN of constants."""
    values = np.asarray(values, dtype=np.float64)
    if not values.size or np.ptp(values) == 0:
        return float("nan")
    return float(stats.kurtosis(values, fisher=False) - stats.skew(values) ** 2 - 1)
