"""The scores of an ensemble: how far its networks agree, and in which order they learn."""

from .agreement import below_chance, majority_right
from .answers import Answers, Axis, Counted, Examples, Scores, Stored, read_answers
from .baseline import scores_of_baseline
from .bimodality import MIDDLE, bimodality_of_counts, bimodality_of_uniform, independent_null
from .bimodality import informative_epochs, mean_consistency
from .binning import bin_edges
from .bootstrap import band_of_mean, differences_from, interval_around
from .comparison import Estimate, compare_scores, correlations, resamples_networks
from .correlation import SMALLEST_LOG10_P, Correlation, correlation, correlation_of, log10_p_of
from .difficulty import BINS, CLASSES_OF_DIFFICULTY, GROUPS, difficulty_class, quantile_means
from .difficulty import thirds
from .dynamics import ever_learned, first_learned, forgetting, learned_for_good, mean_network
from .dynamics import median_network, rise_of_mean, variability
from .ensemble import score_ensemble, score_opened
from .extremes import BLOCKS, LEAST_CONSENSUS, MOST_CONSISTENCY, Block, equal_later, extremes
from .hypotheses import DRAWS, FEWEST_NETWORKS, MOST_PREDICTIONS, NULLS, Hypotheses
from .independence import error_consistency, error_consistency_between
from .independence import variance_if_independent, variance_of_accuracy
from .joint import corners, diagonal, joint_cells
from .label_metrics import OF_EXAMPLES, epoch_metrics, example_metrics
from .learning import MatchedEpochs, accessibility, accuracy_by_epoch, best_matched_pairs
from .learning import matched_epochs, nearest_matches
from .learning_problems import learning_problem, learning_warnings
from .nulls import class_means, classes_kept, independent_networks
from .order import correlation_with_more, correlations_of_drawn_halves, forms_of_correlation
from .order import mean_rank_correlation, nan_mean, of_equal_halves, pearson, ranks, rapidity
from .order import rises, spearman, spearman_brown, without_class_means
from .patterns import LEAST_FIT, PATTERNS, check_enough_for_patterns, example_patterns
from .patterns import pattern_fits
from .phases import PHASES, phases
from .rank_correlations import rank_correlations
from .subensembles import expected_histograms, fit_beta, free_of_networks
from .subensembles import histograms_of_subensembles, mean_bimodality
from .subensembles import pairwise_agreement, shares_at_ends, two_peaks
from .votes import disagreement, vote_el2n, vote_entropy, vote_margin
