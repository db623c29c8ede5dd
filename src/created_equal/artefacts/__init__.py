"""The files that pass between stages: datasets, predictions and scores."""

from .chosen import moved_examples, read_chosen, write_chosen
from .dataset import MOST_CLASSES, absent_classes, add_images, check_data
from .dataset import content_hash, fingerprint, has_files, has_images, image_shape, label_examples
from .dataset import make_dataset, make_examples, make_file_dataset, moments_of, open_dataset
from .dataset import read_dataset, sums_of, write_dataset
from .files import SPLITS, check_definition, check_if_made_for
from .files import definition_in_head, definition_of, open_artefact, read_sealed
from .files import seal_of, select_indices, select_split, write_atomically
from .files import write_sealed
from .image_files import ImageFiles, image_root, missing_split, read_images
from .predictions import belong_to, check_one_ensemble, join_predictions, label_dtype
from .predictions import make_predictions
from .predictions import make_predictions_without_loss, mean_by_split, open_predictions
from .predictions import read_predictions, trained_with, write_predictions
from .scores import BOUNDS, HALVES, consensus, consistency, iterate_epochs, open_scores
from .scores import read_scores, select_epochs, write_scores
