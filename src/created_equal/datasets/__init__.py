"""The datasets stage: from a source of images to one dataset file."""

from created_equal.datasets.build import build_dataset

__all__ = ["build_dataset"]
