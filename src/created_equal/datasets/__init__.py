"""Datasets: built from a source of images, or derived from another dataset."""

from .build import build_dataset as build_dataset
from .derive import derive_dataset as derive_dataset
