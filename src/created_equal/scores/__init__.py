"""The scores of an ensemble: how far its networks agree, and in which order they learn."""

from .agreement import below_chance, disagreement, error_consistency, error_consistency_between
from .agreement import majority_right, variance_if_independent, variance_of_accuracy, vote_el2n
from .agreement import vote_entropy, vote_margin
from .answers import Answers, Axis, Counted, Examples, Scores, Stored, read_answers
from .binning import bin_edges, corners, diagonal, joint_cells
from .bootstrap import around, band_of_mean, differences_from, interval_around
from .comparison import Estimate, compare_scores, correlations, mean_score, resamples_networks
from .correlation import Correlation, correlation, correlation_of, log10_p_of
from .correlation import mean_rank_correlation, nan_mean, p_words, pearson, rank_correlations, ranks
from .correlation import spearman, without_class_means
from .difficulty import BINS, BLOCKS, CLASSES_OF_DIFFICULTY, GROUPS, LEAST_CONSENSUS
from .difficulty import MOST_CONSISTENCY, Block, difficulty_class, equal_later, extremes
from .difficulty import quantile_means, thirds
from .dynamics import ever_learned, first_learned, forgetting, learned_for_good, mean_network
from .dynamics import median_network, rise_of_mean, variability
from .ensemble import score_ensemble, score_opened, scores_of_baseline
from .histograms import bimodality_of_counts, bimodality_of_uniform, expected_histograms, fit_beta
from .histograms import free_of_networks, histograms_of_subensembles, independent_null
from .histograms import mean_bimodality, pairwise_agreement, shares_at_ends, two_peaks
from .hypotheses import DRAWS, FEWEST_NETWORKS, MOST_EXAMPLES, MOST_PREDICTIONS, NULLS
from .hypotheses import Hypotheses
from .label_metrics import OF_EXAMPLES, epoch_metrics, example_metrics
from .learning import MatchedEpochs, accessibility, accuracy_by_epoch, best_matched_pairs
from .learning import learning_problem, learning_warnings, matched_epochs, nearest_matches
from .nulls import class_means, classes_kept, independent_networks
from .order import correlation_with_more, correlations_of_drawn_halves, forms_of_correlation
from .order import of_equal_halves, rapidity, rises, spearman_brown
from .patterns import LEAST_FIT, PATTERNS, check_for_patterns, example_patterns
from .patterns import pattern_fits
from .phases import MIDDLE, PHASES, informative_epochs, mean_consistency, phases
