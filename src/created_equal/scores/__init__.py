"""The scores of an ensemble: what its networks agree on, and in which order they learn it."""

from .agreement import (
    below_chance as below_chance,
    count_dtype as count_dtype,
    majority_right as majority_right,
    right_counts as right_counts,
)
from .answers import (
    Answers as Answers,
    Axis as Axis,
    Counted as Counted,
    Examples as Examples,
    Scores as Scores,
    Stored as Stored,
    read_answers as read_answers,
)
from .baseline import (
    scores_of_baseline as scores_of_baseline,
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
from .hypotheses import (
    NULLS as NULLS,
    Hypotheses as Hypotheses,
)
from .joint import (
    corners as corners,
    diagonal as diagonal,
    joint_cells as joint_cells,
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
from .nulls import (
    class_means as class_means,
    classes_kept as classes_kept,
    independent_networks as independent_networks,
)
from .order import (
    correlation_with_more as correlation_with_more,
    epochs_to_rise as epochs_to_rise,
    pearson as pearson,
    spearman as spearman,
    spearman_brown as spearman_brown,
    without_class_means as without_class_means,
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
from .subensembles import (
    expected_histograms as expected_histograms,
    fit_beta as fit_beta,
    histograms_of_subensembles as histograms_of_subensembles,
    pairwise_agreement as pairwise_agreement,
    shares_at_ends as shares_at_ends,
    two_peaks as two_peaks,
)
