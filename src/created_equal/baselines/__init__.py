"""Baselines: predictions of classifiers that are not neural networks."""

from .fit import fit_baseline as fit_baseline
