"""The scores of an ensemble: how far its networks agree, and in which order they learn."""

<<<<<<< HEAD
from .agreement import (
    below_chance as below_chance,
    count_dtype as count_dtype,
    majority_right as majority_right,
    right_counts as right_counts,
)
from .bimodality import (
    MIDDLE as MIDDLE,
    UNIFORM as UNIFORM,
    bimodality_of_counts as bimodality_of_counts,
    bimodality_of_moments as bimodality_of_moments,
    independent_null as independent_null,
    informative_epochs as informative_epochs,
    mean_consistency as mean_consistency,
)
from .binning import (
    bin_edges as bin_edges,
)
from .bootstrap import (
    REPLICATES as REPLICATES,
    Statistic as Statistic,
    band_of_mean as band_of_mean,
    interval_around as interval_around,
    interval_of as interval_of,
    one_by_one as one_by_one,
    resample_weights as resample_weights,
    value_of as value_of,
)
from .correlation import (
    SMALLEST_LOG10_P as SMALLEST_LOG10_P,
    SMALLEST_VARIANCE as SMALLEST_VARIANCE,
    Correlation as Correlation,
    correlation as correlation,
    correlation_of as correlation_of,
    log10_p_of as log10_p_of,
)
from .difficulty import (
    BINS as BINS,
    GROUPS as GROUPS,
    quantile_means as quantile_means,
    thirds as thirds,
)
from .ensemble import (
    score_ensemble as score_ensemble,
)
from .gallery import (
    BLOCKS as BLOCKS,
    LEAST_CONSENSUS as LEAST_CONSENSUS,
    MOST_CONSISTENCY as MOST_CONSISTENCY,
    Block as Block,
    gallery as gallery,
)
from .learning import (
    MatchedEpochs as MatchedEpochs,
    accessibility as accessibility,
    best_matched_pairs as best_matched_pairs,
    matched_epochs as matched_epochs,
)
from .learnt import (
    LearningProblem as LearningProblem,
    learning_problems as learning_problems,
    learning_warnings as learning_warnings,
)
from .patterns import (
    LEAST_FIT as LEAST_FIT,
    PatternExample as PatternExample,
    example_patterns as example_patterns,
    pattern_fits as pattern_fits,
    shown_patterns as shown_patterns,
)
from .phases import (
    PHASES as PHASES,
    phases as phases,
)
=======
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
from .learning import MatchedEpochs, accessibility, best_matched_pairs, matched_epochs
from .learnt import LearningProblem, learning_problems, learning_warnings
from .patterns import LEAST_FIT, PatternExample, example_patterns, pattern_fits, shown_patterns
from .phases import PHASES, phases
>>>>>>> main
