"""Datasets: built from a source of images, or derived from another dataset."""

from created_equal.datasets.build import build_dataset
from created_equal.datasets.derive import derive_dataset

__all__ = ["build_dataset", "derive_dataset"]
