"""What passes between stages: datasets, predictions and scores, each with reader and writer."""

from created_equal.artefacts.chosen import read_chosen, write_chosen
from created_equal.artefacts.dataset import (
    fingerprint,
    make_dataset,
    open_dataset,
    read_dataset,
    write_dataset,
)
from created_equal.artefacts.files import (
    SPLITS,
    at_places,
    canonical,
    definition_of,
    of_split,
    read_sealed,
    source_digest,
    write_sealed,
)
from created_equal.artefacts.predictions import (
    check_one_ensemble,
    label_dtype,
    make_predictions,
    open_predictions,
    read_predictions,
    write_predictions,
)
from created_equal.artefacts.scores import (
    BOUNDS,
    HALVES,
    at_epochs,
    each_epoch,
    of_examples,
    open_scores,
    read_scores,
    write_scores,
)

__all__ = [
    "BOUNDS",
    "HALVES",
    "SPLITS",
    "at_epochs",
    "at_places",
    "canonical",
    "check_one_ensemble",
    "definition_of",
    "each_epoch",
    "fingerprint",
    "label_dtype",
    "make_dataset",
    "make_predictions",
    "of_examples",
    "of_split",
    "open_dataset",
    "open_predictions",
    "open_scores",
    "read_chosen",
    "read_dataset",
    "read_predictions",
    "read_scores",
    "read_sealed",
    "source_digest",
    "write_chosen",
    "write_dataset",
    "write_predictions",
    "write_scores",
    "write_sealed",
]
