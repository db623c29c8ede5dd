"""The files that pass between stages: datasets, predictions and scores."""

from .chosen import moved_examples, read_chosen, write_chosen
from .dataset import add_images, content_hash, fingerprint, has_files, has_images, image_shape
from .dataset import label_examples, make_dataset, make_file_dataset, moments_of, open_dataset
from .dataset import read_dataset, sums_of, write_dataset
from .files import SPLITS, canonical, dead_link, definition_of, read_sealed, select_indices
from .files import select_split, write_atomically, write_sealed
from .image_files import ImageFiles, image_root, missing_split, read_images
from .predictions import check_one_ensemble, join_predictions, label_dtype, make_predictions
from .predictions import open_predictions, read_predictions, write_predictions
from .scores import BOUNDS, HALVES, consensus, consistency, iterate_epochs, open_scores
from .scores import read_scores, select_epochs, write_scores
