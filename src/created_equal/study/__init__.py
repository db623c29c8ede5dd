"""Studies as config.yaml and config/studies/*.yaml describe them, loaded and checked."""

<<<<<<< HEAD
from .definition import (
    BASELINES as BASELINES,
    CROSS_DATASET as CROSS_DATASET,
    FIGURES as FIGURES,
    PAPER_ARCHITECTURES as PAPER_ARCHITECTURES,
    Baseline as Baseline,
    Ensemble as Ensemble,
    Study as Study,
    baseline_of as baseline_of,
)
from .kept_scores import (
    GET_AGAIN as GET_AGAIN,
    keep_scores as keep_scores,
    read_catalogue as read_catalogue,
)
from .keys import (
    Config as Config,
    Decay as Decay,
    Recipe as Recipe,
    Resources as Resources,
)
from .loading import (
    CONFIG_VARIABLE as CONFIG_VARIABLE,
    load_config as load_config,
    load_configured as load_configured,
    load_studies as load_studies,
    load_study as load_study,
    predictions_folders as predictions_folders,
    study_names as study_names,
)
from .paths import (
    REFERENCE as REFERENCE,
    RESULTS as RESULTS,
    STUDIES as STUDIES,
    baseline_path as baseline_path,
    chosen_path as chosen_path,
    claims_path as claims_path,
    dataset_path as dataset_path,
    explorer_path as explorer_path,
    figure_path as figure_path,
    predictions_folder as predictions_folder,
    predictions_path as predictions_path,
    results_test_path as results_test_path,
    scores_path as scores_path,
)
from .roles import (
    BASELINE_PREFIX as BASELINE_PREFIX,
    EACH as EACH,
    ROLES as ROLES,
    Roles as Roles,
    baselines_in as baselines_in,
    baselines_of as baselines_of,
    ensemble_across as ensemble_across,
    ensembles_behind as ensembles_behind,
    ensembles_in as ensembles_in,
    ensembles_of as ensembles_of,
    moved_in as moved_in,
    names_in as names_in,
    roles_of as roles_of,
)
from .titles import (
    ensemble_title as ensemble_title,
)
from .yaml_files import (
    read_yaml as read_yaml,
    suggestion as suggestion,
)
=======
from .kept_scores import GET_AGAIN, keep_scores, read_catalogue
from .keys import ROLES, Config, Decay, Recipe, Resources
from .loading import CONFIG_VARIABLE, load_config, load_configured, load_studies, load_study
from .loading import predictions_folders, study_names
from .paths import REFERENCE, RESULTS, STUDIES, baseline_path, chosen_path, claims_path
from .paths import dataset_path, figure_path, predictions_folder, predictions_path
from .paths import results_test_path, scores_path
from .roles import BASELINE_PREFIX, EACH, Roles, baselines_in, baselines_of, ensemble_across
from .roles import ensembles_behind, ensembles_in, ensembles_of, moved_in, names_in, roles_of
from .study import BASELINES, CROSS_DATASET, FIGURES, PAPER_ARCHITECTURES, Architecture, Baseline
from .study import Ensemble, Study, baseline_of
from .yaml_files import read_yaml, suggestion
>>>>>>> main
