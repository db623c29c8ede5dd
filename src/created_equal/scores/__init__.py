"""The scores of an ensemble: how far its networks agree, and in which order they learn."""

from .agreement import below_chance, count_dtype, majority_right, right_counts
from .bimodality import MIDDLE, UNIFORM, bimodality_of_counts, bimodality_of_moments
from .bimodality import independent_null, informative_epochs, mean_consistency
from .binning import bin_edges
from .bootstrap import REPLICATES, Statistic, band_of_mean, interval_around, interval_of, one_by_one
from .bootstrap import resample_weights, value_of
from .correlation import SMALLEST_LOG10_P, SMALLEST_VARIANCE, Correlation, correlation
from .correlation import correlation_of, log10_p_of
from .difficulty import BINS, GROUPS, quantile_means, thirds
from .ensemble import score_ensemble
from .extremes import BLOCKS, LEAST_CONSENSUS, MOST_CONSISTENCY, Block, extremes
from .learning import MatchedEpochs, accessibility, best_matched_pairs, matched_epochs
from .learnt import LearningProblem, learning_problems, learning_warnings
from .patterns import LEAST_FIT, PatternExample, example_patterns, pattern_fits, shown_patterns
from .phases import PHASES, phases
