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
    canonical as canonical,
    dead_link as dead_link,
    definition_of as definition_of,
    read_sealed as read_sealed,
    select_indices as select_indices,
    select_split as select_split,
    write_atomically as write_atomically,
    write_sealed as write_sealed,
)
from .image_files import (
    ImageFiles as ImageFiles,
    image_root as image_root,
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
    consensus as consensus,
    consistency as consistency,
    iterate_epochs as iterate_epochs,
    open_scores as open_scores,
    read_scores as read_scores,
    select_epochs as select_epochs,
    select_examples as select_examples,
    write_scores as write_scores,
)
