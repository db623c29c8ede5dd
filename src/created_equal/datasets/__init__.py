"""The datasets stage: from a source of images to a dataset, and from a dataset to derived ones."""

from created_equal.datasets.build import build_dataset
from created_equal.datasets.derive import derive_dataset

__all__ = ["build_dataset", "derive_dataset"]
