"""What passes between stages: datasets, predictions and scores, each with reader and writer."""

from created_equal.artefacts.chosen import read_chosen, write_chosen
from created_equal.artefacts.dataset import (
    content_hash,
    fingerprint,
    has_files,
    image_shape,
    make_dataset,
    make_file_dataset,
    moments_of,
    read_dataset,
    sums_of,
    write_dataset,
)
from created_equal.artefacts.files import (
    SPLITS,
    canonical,
    definition_of,
    of_split,
    read_sealed,
    source_digest,
    write_sealed,
)
from created_equal.artefacts.image_files import ImageFiles, read_images
from created_equal.artefacts.predictions import (
    check_one_ensemble,
    label_dtype,
    make_predictions,
    open_predictions,
    read_predictions,
    write_predictions,
)
from created_equal.artefacts.scores import BOUNDS, HALVES, read_scores, write_scores

__all__ = [
    "BOUNDS",
    "HALVES",
    "SPLITS",
    "ImageFiles",
    "canonical",
    "check_one_ensemble",
    "content_hash",
    "definition_of",
    "fingerprint",
    "has_files",
    "image_shape",
    "label_dtype",
    "make_dataset",
    "make_file_dataset",
    "make_predictions",
    "moments_of",
    "of_split",
    "open_predictions",
    "read_chosen",
    "read_dataset",
    "read_images",
    "read_predictions",
    "read_scores",
    "read_sealed",
    "source_digest",
    "sums_of",
    "write_chosen",
    "write_dataset",
    "write_predictions",
    "write_scores",
    "write_sealed",
]
