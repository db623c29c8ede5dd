"""The scores of an ensemble: what its networks agree on, and in which order they learn it."""

from created_equal.scores.agreement import below_chance, consensus, consistency, majority_right
from created_equal.scores.bimodality import (
    MIDDLE,
    UNIFORM,
    bimodality_of_counts,
    bimodality_of_moments,
    in_the_middle,
    independent_null,
)
from created_equal.scores.binning import bin_edges, counts_of
from created_equal.scores.bootstrap import band_of_mean
from created_equal.scores.correlation import (
    SMALLEST_P,
    Correlation,
    correlation,
    correlation_of,
    log10_p_of,
)
from created_equal.scores.difficulty import BINS, GROUPS, quantile_means, thirds
from created_equal.scores.ensemble import score_ensemble
from created_equal.scores.learning import (
    MatchedEpochs,
    accessibility,
    best_matched_pairs,
    matched_epochs,
)
from created_equal.scores.learnt import (
    LearningProblem,
    learning_problems,
    learning_warnings,
)
from created_equal.scores.patterns import (
    LEAST_FIT,
    PatternExample,
    example_patterns,
    pattern_fits,
    shown_patterns,
)
from created_equal.scores.phases import PHASES, phases

__all__ = [
    "BINS",
    "GROUPS",
    "LEAST_FIT",
    "MIDDLE",
    "PHASES",
    "SMALLEST_P",
    "UNIFORM",
    "Correlation",
    "LearningProblem",
    "MatchedEpochs",
    "PatternExample",
    "accessibility",
    "band_of_mean",
    "below_chance",
    "best_matched_pairs",
    "bimodality_of_counts",
    "bimodality_of_moments",
    "bin_edges",
    "consensus",
    "consistency",
    "correlation",
    "correlation_of",
    "counts_of",
    "example_patterns",
    "in_the_middle",
    "independent_null",
    "learning_problems",
    "learning_warnings",
    "log10_p_of",
    "majority_right",
    "matched_epochs",
    "pattern_fits",
    "phases",
    "quantile_means",
    "score_ensemble",
    "shown_patterns",
    "thirds",
]
