"""From a dataset to the predictions of classifiers that are no networks."""

from created_equal.baselines.fit import fit_baseline

__all__ = ["fit_baseline"]
