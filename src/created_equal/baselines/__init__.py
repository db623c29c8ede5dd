"""Baselines: predictions of classifiers that are not neural networks."""

from created_equal.baselines.fit import fit_baseline

__all__ = ["fit_baseline"]
