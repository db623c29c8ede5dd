"""The files that pass between stages: datasets, predictions and scores."""

from .chosen import (
    moved_examples as moved_examples,
    read_chosen as read_chosen,
    write_chosen as write_chosen,
)
from .dataset import (
    content_hash as content_hash,
    fingerprint as fingerprint,
    has_files as has_files,
    image_shape as image_shape,
    label_examples as label_examples,
    make_dataset as make_dataset,
    make_file_dataset as make_file_dataset,
    moments_of as moments_of,
    open_dataset as open_dataset,
    read_dataset as read_dataset,
    sums_of as sums_of,
    write_dataset as write_dataset,
)
from .files import (
    SPLITS as SPLITS,
    at_places as at_places,
    canonical as canonical,
    dead_link as dead_link,
    definition_of as definition_of,
    of_split as of_split,
    read_sealed as read_sealed,
    write_sealed as write_sealed,
    write_whole as write_whole,
)
from .image_files import (
    ImageFiles as ImageFiles,
    read_images as read_images,
)
from .predictions import (
    check_one_ensemble as check_one_ensemble,
    label_dtype as label_dtype,
    make_predictions as make_predictions,
    open_predictions as open_predictions,
    read_predictions as read_predictions,
    write_predictions as write_predictions,
)
from .scores import (
    BOUNDS as BOUNDS,
    COUNT_OF as COUNT_OF,
    HALVES as HALVES,
    at_epochs as at_epochs,
    consensus as consensus,
    consistency as consistency,
    each_epoch as each_epoch,
    of_examples as of_examples,
    open_scores as open_scores,
    read_scores as read_scores,
    write_scores as write_scores,
)
