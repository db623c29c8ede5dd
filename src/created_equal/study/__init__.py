"""Studies as config.yaml and config/studies/*.yaml describe them, loaded and checked."""

from .kept_scores import GET_AGAIN, keep_scores
from .keys import Config, Decay, Recipe, Resources, plain_name
from .loading import (
    CONFIG_VARIABLE,
    STUDIES_VARIABLE,
    changed_config,
    load_config,
    load_configured,
    load_studies,
    load_study,
    study_names,
)
from .own_networks import OwnNetwork, digest_of
from .predictions_folders import predictions_folders
from created_equal.paths import NOTEBOOKS, REFERENCE, REPOSITORY, RESULTS, STUDIES, baseline_path
from created_equal.paths import chosen_path, claims_path, dataset_path, enter_repository
from created_equal.paths import explorer_path, figure_path, find, joined, predictions_folder
from created_equal.paths import predictions_path, results_test_path, scores_path, study_path
from created_equal.paths import tables_path
from .roles import ALL, BASELINE_PREFIX, EACH, Roles, baselines_in, baselines_of, ensemble_across
from .roles import ensembles_behind, ensembles_in, ensembles_of, names_in, roles_of
from .roles import with_rankings
from .study import BASELINES, CROSS_DATASET, FIGURES, PAPER_ARCHITECTURES, SOURCE_SIZES
from .study import Architecture, Baseline, Ensemble, Study, baseline_of, check_networks_differ
from .study import ensemble_of, label_of
from .yaml_files import read_yaml, suggestion
