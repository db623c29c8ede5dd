"""What claims measure: a function for each statistic.

Each chooses epochs and examples once, from observed scores, and returns with them a function of
scores, which is called with those observed, of each null and of each resample. The first paragraph
of its docstring is the statistic in the table: c is consistency, a accessibility.
"""

from collections.abc import Callable, Mapping
from math import inf, nan

import numpy as np

from created_equal import scores as stats
from created_equal.artefacts import iterate_epochs
from created_equal.claims.choices import (
    accuracies_of,
    all_epochs,
    epochs_at,
    examples_of,
    figure_epochs,
    informative_accuracies,
    several_epochs,
    spread,
    trained_epochs,
)
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import (
    Measured,
    OfBins,
    OfEpochs,
    OfHalves,
    OfHistograms,
    OfPairs,
)
from created_equal.claims.registry import (
    CLASSES,
    CONSISTENCY,
    FEWEST,
    INDEPENDENT,
    JOINT,
    MANY,
    NOT_NEGATIVE,
    SHARE,
    SHUFFLED,
    SIGNED,
    measure,
)
from created_equal.errors import InputError
from created_equal.scores import LEAST_FIT, MIDDLE, NULLS, PATTERNS, Scores

FEW = 0.01  # The share of the train set that has c = 1 when labels are first counted.
SUBENSEMBLE = 10
POWER_NOTE = (
    "They differ by {:.3f}, such parts by {:.3f} (median); differences below {:.3f} go unseen."
)
SUMMARIES = {
    "mean": np.nanmean,
    "median": np.nanmedian,
    "lowest": np.nanmin,
    "highest": np.nanmax,
    "share above 1": lambda values: (values > 1).mean(),
}
CORRELATIONS = {"Pearson": stats.pearson, "Spearman": stats.spearman}
LEARNING = f"epochs with a mean c of {MIDDLE[0]} to {MIDDLE[1]}"


def measure_of_histograms(possible: tuple[float, float], fewest: int = FEWEST) -> Callable:
    """Enter a function from histograms of c, (epoch, N + 1), and K to (epoch,), as ``measure``."""

    def enter(statistic: Callable[[np.ndarray, int], np.ndarray]) -> Callable:
        def of(
            evidence: Evidence, name: str, *, split: str = "test", at: str = LEARNING, over="mean"
        ) -> Measured:
            classes = evidence.scores[name].attrs["classes"]

            def summary(counts: np.ndarray) -> float:
                values = statistic(counts, classes)
                return nan if np.isnan(values).all() else float(SUMMARIES[over](values))

            epochs = {name: epochs_at(evidence, name, split, at)}
            return OfHistograms(summary, examples_of(evidence, split, name), epochs)

        of.__name__ = statistic.__name__
        of.__doc__ = f"{statistic.__doc__.rstrip('.')}, {{over}} over {{at}}, {{split}} examples."
        return measure(possible=possible, nulls=CONSISTENCY, fewest=fewest)(of)

    return enter


@measure(possible=SIGNED)
def accuracy(
    evidence: Evidence, name: str, *, split="test", at="last epoch", what="mean accuracy"
) -> Measured:
    """{what}, {at}, {split} examples."""
    epochs, classes = all_epochs(evidence, name), evidence.scores[name].attrs["classes"]
    chance = {"mean accuracy": 0, "mean accuracy less 1/K": 1 / classes}[what]
    of = {
        "epoch 0": epochs[epochs == 0],
        "epoch 1": epochs[epochs == 1],
        "highest of all": epochs[epochs > 0],
        "last epoch": epochs[-1:],
    }[at]
    if not len(of):
        raise InputError(f"{name} has no record of {at}; record it too.")
    examples = examples_of(evidence, split, name)

    def value(scores: Scores) -> float:
        means = scores.n_right(name, of, examples).mean(axis=1) / scores.networks(name)
        return means.max() - chance

    return Measured(value, examples, {name: of})


@measure(possible=SIGNED)
def accuracy_rise(evidence: Evidence, name: str) -> Measured:
    """Rise of mean accuracy along the line of best fit, from one learner to all, test examples."""
    examples, steps = examples_of(evidence, "test", name), several_epochs(evidence, name)

    def value(scores: Scores) -> float:
        return stats.rise_of_mean(scores.consistency(name, steps, examples))

    return Measured(value, examples, {name: steps})


@measure(possible=SIGNED)
def accuracy_difference(evidence: Evidence, other: str, name: str) -> Measured:
    """Mean accuracy of the second less that of the first, last epoch of each, test examples."""
    examples = examples_of(evidence, "test", other, name)
    epochs = {each: all_epochs(evidence, each)[-1:] for each in (other, name)}

    def value(scores: Scores) -> float:
        one, two = (scores.consistency(each, of, examples).mean() for each, of in epochs.items())
        return two - one

    return Measured(value, examples, epochs)


@measure_of_histograms(possible=SHARE)
def unanimous(counts: np.ndarray, classes: int) -> np.ndarray:
    """Share of examples about which all networks are right, or all wrong (c = 1 or 0)."""
    return (counts[:, 0] + counts[:, -1]) / counts.sum(axis=1)


@measure_of_histograms(possible=SHARE)
def below_guessing(counts: np.ndarray, classes: int) -> np.ndarray:
    """Share of examples below chance (c < 1/K)."""
    networks = counts.shape[1] - 1
    below = stats.below_chance(np.arange(networks + 1), networks, classes)
    return counts @ below / counts.sum(axis=1)


@measure_of_histograms(possible=SIGNED)
def tail(counts: np.ndarray, classes: int) -> np.ndarray:
    """Rank correlation of c and the number of examples that have it."""
    possible = np.arange(counts.shape[1])
    return np.array([stats.spearman(possible, of_epoch) for of_epoch in counts])


@measure_of_histograms(possible=NOT_NEGATIVE)
def bimodality(counts: np.ndarray, classes: int) -> np.ndarray:
    """Pearson's measure of bi-modality of c (the lower, the more bi-modal; 0.8 if c is uniform)."""
    return stats.bimodality_of_counts(counts)


@measure_of_histograms(possible=NOT_NEGATIVE)
def peaks(counts: np.ndarray, classes: int) -> np.ndarray:
    """Fullness of the emptier end of c (up to 0.1, from 0.9) over that of the middle."""
    return stats.two_peaks(counts)


@measure_of_histograms(possible=SHARE)
def mean_consistency(counts: np.ndarray, classes: int) -> np.ndarray:
    """Mean c."""
    return counts @ np.arange(counts.shape[1]) / (counts.sum(axis=1) * (counts.shape[1] - 1))


@measure(nulls=CONSISTENCY, fewest=FEWEST)
def bimodality_difference(evidence: Evidence, *names: str, split: str = "test") -> Measured:
    """Bi-modality of the second less that of the first, each of as many networks as the smaller has
    (mean histogram of all subsets), mean over phase 3, {split} examples.
    """
    examples = examples_of(evidence, split, *names)
    epochs = {name: epochs_at(evidence, name, split, "phase 3") for name in names}

    def value(scores: Scores) -> float:
        networks = min(scores.networks(name) for name in names)
        counts = (scores.histograms(each, of, examples) for each, of in epochs.items())
        one, two = (stats.mean_bimodality(each, networks) for each in counts)
        return two - one

    return Measured(value, examples, epochs)


@measure_of_histograms(possible=(-inf, inf), fewest=2 * SUBENSEMBLE)
def fewer_networks(counts: np.ndarray, classes: int) -> np.ndarray:
    """Bi-modality of 10 networks (mean histogram of all subsets) less that of all."""
    subsets = stats.histograms_of_subensembles(counts, min(SUBENSEMBLE, counts.shape[1] - 1))
    return stats.bimodality_of_counts(subsets) - stats.bimodality_of_counts(counts)


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=FEWEST)
def generalization(evidence: Evidence, *names: str) -> Measured:
    """Rank correlation, over ensembles of at least 5 networks, of accuracy at the last epoch and
    bi-modality of 5 networks (mean histogram of all subsets, mean over the epochs with a mean c of
    0.05 to 0.9), test examples.
    """
    learned = [name for name in dict.fromkeys(names) if evidence.informative(name, "test").any()]
    if len(learned) < FEWEST:
        raise InputError(f"there are fewer than {FEWEST} ensembles that learn; add some.")
    epochs = {name: epochs_at(evidence, name, "test", LEARNING) for name in learned}
    examples = {name: examples_of(evidence, "test", name) for name in learned}

    def value(scores: Scores) -> float:
        pairs = []
        for name, of in epochs.items():
            last = scores.consistency(name, all_epochs(evidence, name)[-1:], examples[name])
            counts = scores.histograms(name, of, examples[name])
            pairs.append((last.mean(), stats.mean_bimodality(counts, FEWEST)))
        drawn = np.arange(len(pairs))
        if scores.resample is not None:  # The claim is about ensembles, so they are drawn as well.
            drawn = np.random.default_rng(scores.resample).integers(len(pairs), size=len(pairs))
        return stats.spearman(*np.array(pairs)[drawn].T)

    return Measured(value, examples[learned[0]], epochs, over="ensembles, networks and examples")


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=FEWEST)
def consensus_rise(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Mean consensus at the last epoch less that at the first trained one, {split} examples."""
    epochs, examples = several_epochs(evidence, name)[[0, -1]], examples_of(evidence, split, name)

    def value(scores: Scores) -> float:
        first, last = scores.consensus(name, epochs, examples).mean(axis=1)
        return last - first

    return Measured(value, examples, {name: epochs})


@measure(possible=SHARE, nulls=CONSISTENCY, fewest=MANY)
def consensus_where_wrong(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Mean consensus about the examples that the ensemble is not right about, mean over up to five
    epochs with a mean c of 0.05 to 0.9, {split} examples.
    """
    epochs = spread(epochs_at(evidence, name, split, LEARNING), 5)
    examples = examples_of(evidence, split, name)

    def value(scores: Scores) -> float:
        consensus = scores.consensus(name, epochs, examples)
        wrong = (~scores.majority(name, epoch, examples) for epoch in epochs)
        pairs = zip(consensus, wrong, strict=True)
        return stats.nan_mean(stats.nan_mean(row[of]) for row, of in pairs)

    return Measured(value, examples, {name: epochs})


# No null: the mean of the class is subtracted already, and a null that exchanges examples within a
# class of the test set would spread the moved ones over it.
@measure(possible=SIGNED)
def moved_less_own_class(evidence: Evidence, original: str, name: str) -> Measured:
    """Accuracy on the moved examples less that of the original networks on test examples of the
    same classes, mean over all trained epochs.
    """
    moved, test = examples_of(evidence, "moved", name), examples_of(evidence, "test", original)
    epochs = np.intersect1d(trained_epochs(evidence, original), trained_epochs(evidence, name))

    def value(scores: Scores) -> float:
        of_moved = scores.consistency(name, epochs, moved).mean(axis=0)
        of_test = scores.consistency(original, epochs, test).mean(axis=0)
        classes, labels = scores.labels(name, moved), scores.labels(original, test)
        of_classes = [stats.nan_mean(of_test[labels == label]) for label in classes]
        return stats.nan_mean(of_moved - of_classes)

    return Measured(value, moved, dict.fromkeys((original, name), epochs))


@measure(possible=SHARE)
def moved_as_test(evidence: Evidence, original: str, name: str) -> Measured:
    """Share of 1,000 random parts of moved and test examples together, as many as were moved, that
    differ less from the rest than the moved do: in accuracy, mean absolute difference over all
    trained epochs. Test examples are classified by the networks that had none moved.
    """
    moved, test = examples_of(evidence, "moved", name), examples_of(evidence, "test", original)
    epochs = np.intersect1d(trained_epochs(evidence, original), trained_epochs(evidence, name))

    def differences(scores: Scores) -> tuple[float, np.ndarray]:
        of_test = scores.consistency(original, epochs, test)
        return stats.differences_from(of_test, scores.consistency(name, epochs, moved))

    def value(scores: Scores) -> float:
        difference, of_parts = differences(scores)
        return float((of_parts < difference).mean())

    def note(scores: Scores) -> str:
        difference, of_parts = differences(scores)
        return POWER_NOTE.format(difference, *np.percentile(of_parts, [50, 95]))

    return Measured(value, moved, dict.fromkeys((original, name), epochs), note=note)


@measure(possible=SIGNED, nulls=(INDEPENDENT, CLASSES, SHUFFLED), fewest=FEWEST)
def halves(evidence: Evidence, name: str, *, split: str = "test", r: str = "Pearson") -> Measured:
    """{r} correlation of a in every second network and in the others, {split} examples."""
    epochs = {name: trained_epochs(evidence, name)}
    return OfHalves(CORRELATIONS[r], examples_of(evidence, split, name), epochs)


@measure(possible=SIGNED, nulls=tuple(NULLS), fewest=FEWEST)
def order(evidence: Evidence, *names: str, split="test", r="Pearson") -> Measured:
    """{r} correlation of a in the first and in the second, {split} examples."""
    epochs = {name: trained_epochs(evidence, name) for name in names}
    return OfPairs(CORRELATIONS[r], examples_of(evidence, split, *names), epochs)


@measure(possible=SIGNED, nulls=tuple(NULLS), fewest=FEWEST)
def order_of_bins(evidence: Evidence, *names: str, split="test", r="Pearson") -> Measured:
    """{r} correlation of a in the first and in the second, means of 40 bins by a in the second,
    {split} examples.
    """
    epochs = {name: trained_epochs(evidence, name) for name in names}
    return OfBins(CORRELATIONS[r], examples_of(evidence, split, *names), epochs)


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=2 * FEWEST, by_network=True)
def longer_at_zero(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Rank correlation of the number of trained epochs with c = 0 in every second network and a in
    the others, {split} examples.
    """
    examples, epochs = examples_of(evidence, split, name), trained_epochs(evidence, name)

    def value(scores: Scores) -> float:
        one, other = scores.half_n_right(name, epochs, examples)
        return stats.spearman((one == 0).sum(axis=0), other.sum(axis=0, dtype=float))

    return Measured(value, examples, {name: epochs})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=MANY)
def rapid_rise(evidence: Evidence, name: str, *, split: str = "train") -> Measured:
    """Time in which one example rises from c <= 1/6 (0 before training) to c >= 5/6 (median) over
    the time between examples (interquartile range of when they rise), {split} examples.
    """
    examples, epochs = examples_of(evidence, split, name), all_epochs(evidence, name)

    def value(scores: Scores) -> float:
        n_right = scores.n_right(name, epochs, examples)
        # Before training, right answers are chance, and may be more than 1/6.
        n_right = np.where((epochs > 0)[:, None], n_right, 0)
        return stats.rapidity(n_right, scores.networks(name), epochs)

    return Measured(value, examples, {name: epochs})


# No null: networks need not agree on anything to use more labels.
@measure(by_network=True)
def more_labels(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Number of labels that a network predicts (exponential of their entropy, mean over networks),
    last epoch less the epoch of beginning, {split} examples.
    """
    first, last = int(evidence.phases(name)["beginning"]), int(all_epochs(evidence, name)[-1])
    examples = examples_of(evidence, split, name)

    def value(scores: Scores) -> float:
        # A network's votes are its labels of all examples.
        votes = (scores.predictions(name, epoch, examples).T for epoch in (first, last))
        begin, end = (np.exp(stats.vote_entropy(each)) for each in votes)
        return float((end - begin).mean())

    return Measured(value, examples, {name: np.array([first, last])})


@measure(possible=SIGNED, nulls=(INDEPENDENT,), fewest=FEWEST, by_network=True)
def order_of_classes(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Rank correlation of classes' mean a in two networks, mean of all pairs, {split} examples."""
    examples = examples_of(evidence, split, name)

    def value(scores: Scores) -> float:
        labels, by_network = scores.labels(name, examples), scores.by_network(name, examples)
        means = [by_network[:, labels == label].mean(axis=1) for label in np.unique(labels)]
        return stats.mean_rank_correlation(np.transpose(means))

    return Measured(value, examples, {name: trained_epochs(evidence, name)})


@measure(possible=NOT_NEGATIVE, nulls=(CLASSES, SHUFFLED), fewest=MANY)
def corners(evidence: Evidence, *names: str, split: str = "test", pair: str) -> Measured:
    """Joint histogram: emptier of the corners (0, 0) and (1, 1) over the median cell, c of both,
    {pair} pair of epochs of equal accuracy, 0.05 to 0.9, {split} examples.
    """
    return _joint(stats.corners, evidence, *names, split=split, pair=pair)


@measure(possible=NOT_NEGATIVE, nulls=(CLASSES, SHUFFLED), fewest=MANY)
def diagonal(evidence: Evidence, *names: str, split: str = "test", pair: str) -> Measured:
    """Joint histogram without its outermost cells: mean cell of equal c over mean of the others, c
    of both, {pair} pair of epochs of equal accuracy, 0.05 to 0.9, {split} examples.
    """
    return _joint(stats.diagonal, evidence, *names, split=split, pair=pair)


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def agreement_when_equal(
    evidence: Evidence, other: str, name: str, *, split: str = "test", r: str = "Pearson"
) -> Measured:
    """{r} correlation of c in the first and in the second when they are equally accurate, mean over
    up to 20 pairs of epochs (accuracies of 0.05 to 0.9, at most 0.01 apart), {split} examples.
    """
    accuracies = informative_accuracies(evidence, other, name, split=split)
    matches = np.array(stats.nearest_matches(*accuracies))
    epochs = dict(zip((other, name), spread(matches[:, :2].astype(int), 20).T, strict=True))
    examples = examples_of(evidence, split, other, name)
    return OfEpochs(CORRELATIONS[r], examples, epochs)


@measure(possible=SHARE, nulls=JOINT, fewest=FEWEST)
def right_when_as_accurate(
    evidence: Evidence, other: str, name: str, *, split: str = "test"
) -> Measured:
    """Share of the examples that the second is right about in the end, about which the first is
    right when it first is as accurate, {split} examples.
    """
    of_other, of_name = accuracies_of(evidence, other, name, split=split)
    reached = of_other[of_other.index > 0] >= of_name.iloc[-1]
    if not reached.any():
        raise InputError(
            f"{other} is never as accurate on the {split} set as {name} is at the end; "
            "train it for longer."
        )
    return _given(evidence, split, {other: int(reached.idxmax()), name: int(of_name.index[-1])})


@measure(possible=SHARE, nulls=JOINT, fewest=FEWEST)
def weaker_first(evidence: Evidence, *names: str, split: str = "test") -> Measured:
    """Share of the examples that the ensemble of lower test accuracy is right about in the end,
    about which the other is right when it first is as accurate, {split} examples.
    """
    on_test = dict(zip(names, accuracies_of(evidence, *names, split="test"), strict=True))
    weak, strong = sorted(names, key=lambda each: on_test[each].iloc[-1])
    return right_when_as_accurate(evidence, strong, weak, split=split)


@measure(possible=SHARE, nulls=JOINT, fewest=FEWEST)
def right_given_right(
    evidence: Evidence, other: str, name: str, *, when: str, split: str = "test"
) -> Measured:
    """P(first right | second right), {when} of learning, {split} examples."""
    return _given(evidence, split, figure_epochs(evidence, when, other, name))


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def more_right_given_right(
    evidence: Evidence, other: str, name: str, *, when: str, split: str = "test"
) -> Measured:
    """P(first right | second right) - P(first right), {when} of learning, {split} examples."""
    epochs = figure_epochs(evidence, when, other, name)
    given = _given(evidence, split, epochs)

    def value(scores: Scores) -> float:
        return given.value(scores) - scores.majority(other, epochs[other], given.examples).mean()

    return Measured(value, given.examples, given.epochs)


@measure(possible=(-2, 2), nulls=JOINT, fewest=FEWEST)
def similarity_fades(evidence: Evidence, *names: str, split: str = "test") -> Measured:
    """P(first right | second right) - P(first right), beginning less end, {split} examples."""
    first, last = (
        more_right_given_right(evidence, *names, when=when, split=split)
        for when in ("beginning", "end")
    )
    epochs = {each: np.append(first.epochs[each], last.epochs[each]) for each in first.epochs}
    if all(begin == end for begin, end in epochs.values()):
        raise InputError(
            f"{' and '.join(names)} have a single epoch at the beginning and at the end; train "
            "for longer."
        )
    return Measured(lambda scores: first.value(scores) - last.value(scores), first.examples, epochs)


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def easier_for_both(evidence: Evidence, other: str, name: str, *, when: str) -> Measured:
    """Accuracy of the second where the first is right at the {when} of learning, less that where
    the first is wrong, test examples.
    """
    examples = examples_of(evidence, "test", other, name)
    epochs = figure_epochs(evidence, when, other, name)

    def value(scores: Scores) -> float:
        right = scores.majority(other, epochs[other], examples)
        accurate = scores.consistency(name, [epochs[name]], examples)[0]
        return stats.nan_mean(accurate[right]) - stats.nan_mean(accurate[~right])

    return Measured(value, examples, {each: np.array([of]) for each, of in epochs.items()})


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def boosting_less_mean(evidence: Evidence, *names: str, third: str) -> Measured:
    """AdaBoost's accuracy on the {third} third by a: less that on all examples, mean over all
    numbers of learners, test examples.
    """
    return _boosting(lambda of, whole: of.mean() - whole.mean(), evidence, *names, third=third)


@measure(possible=(-1.5, 1.5), nulls=JOINT, fewest=FEWEST)
def boosting_rise(evidence: Evidence, *names: str, third: str) -> Measured:
    """AdaBoost's accuracy on the {third} third by a: rise along the line of best fit, from one
    learner to all, test examples.
    """
    return _boosting(lambda of, _: stats.rise_of_mean(of), evidence, *names, third=third)


@measure(nulls=CONSISTENCY, fewest=MANY)
def labels_at_one(evidence: Evidence, name: str, *, at="when 1 % first have it") -> Measured:
    """Number of classes with examples of c = 1, {at}, train examples."""
    epochs, networks = all_epochs(evidence, name), evidence.scores[name].sizes["network"]
    rows = iterate_epochs(evidence.scores[name], "n_right", "train")
    shares = np.array([(row == networks).mean() for row in rows])
    reached = epochs[(shares >= FEW) & (epochs > 0)]
    if not reached.size:
        raise InputError(
            f"fewer than {FEW:.0%} of the train examples ever have a consistency of 1 in {name}; "
            "train it for longer."
        )
    shown = {
        "when 1 % first have it": reached[:1],
        "last epoch less when 1 % first have it": np.array([reached[0], epochs[-1]]),
    }[at]
    examples = examples_of(evidence, "train", name)

    def value(scores: Scores) -> float:
        labels = scores.labels(name, examples)
        at_one = scores.n_right(name, shown, examples) == scores.networks(name)
        first, *last = (len(np.unique(labels[row])) for row in at_one)
        return float(last[0] - first if last else first)

    return Measured(value, examples, {name: shown})


@measure(possible=SHARE, nulls=CONSISTENCY, fewest=MANY)
def patterns(evidence: Evidence, name: str, *, split="train and test", shown: str) -> Measured:
    """Share of examples whose c fits a pattern of figure 11 by 0.5 or more: {shown}; {split}."""
    examples, epochs = examples_of(evidence, split, name), all_epochs(evidence, name)
    stats.check_for_patterns(name, epochs, len(examples.names))
    among = [shown] if shown in PATTERNS else PATTERNS[:4]
    chance = 1 / evidence.scores[name].attrs["classes"]

    def value(scores: Scores) -> float:
        n_right, networks = scores.n_right(name, epochs, examples), scores.networks(name)
        fits = stats.pattern_fits(n_right, networks, chance, among)
        return (fits >= LEAST_FIT - 1e-9).any(axis=0).mean()  # Rounding decides nothing.

    return Measured(value, examples, {name: epochs})


@measure(possible=SHARE, nulls=CONSISTENCY, fewest=MANY)
def remains(evidence: Evidence, name: str, *, split: str = "train and test") -> Measured:
    """Share of the examples with c = 1, or 0, halfway through training that have the same c at
    every later epoch, {split} examples.
    """
    examples, trained = examples_of(evidence, split, name), several_epochs(evidence, name)
    later = trained[trained >= trained[-1] / 2]
    if len(later) < 2:
        raise InputError(
            f"of {name}, the last epoch alone is recorded in the second half of training; record "
            "more."
        )

    def value(scores: Scores) -> float:
        n_right = scores.n_right(name, later, examples)
        stays = (n_right == n_right[0]).all(axis=0)
        return stats.nan_mean(stays[np.isin(n_right[0], [0, scores.networks(name)])])

    return Measured(value, examples, {name: later})


def _joint(of: Callable, evidence: Evidence, *names: str, split: str, pair: str) -> Measured:
    """Measure the cells of the joint histogram of c at one of the pairs of figure 4 (c) and (d)."""
    pairs = stats.best_matched_pairs(*informative_accuracies(evidence, *names, split=split))
    if pair == "a late" and pairs[0] == pairs[1]:
        raise InputError(
            f"{' and '.join(names)} are equally accurate at one pair of epochs only, which is the "
            "early one; take smaller steps of learning, or train longer."
        )
    chosen = pairs[{"an early": 0, "a late": 1}[pair]]
    epochs = dict(zip(names, np.array([[chosen.epoch_a], [chosen.epoch_b]]), strict=True))
    examples = examples_of(evidence, split, *names)

    def value(scores: Scores) -> float:
        one, two = (scores.n_right(each, epoch, examples)[0] for each, epoch in epochs.items())
        return of(stats.joint_cells(one, two, tuple(map(scores.networks, names))))

    return Measured(value, examples, epochs)


def _given(evidence: Evidence, split: str, epochs: Mapping[str, int]) -> Measured:
    """Measure P(the first is right | the second is)."""
    examples = examples_of(evidence, split, *epochs)

    def value(scores: Scores) -> float:
        right, given = (scores.majority(each, of, examples) for each, of in epochs.items())
        return stats.nan_mean(right[given])

    return Measured(value, examples, {each: np.array([of]) for each, of in epochs.items()})


def _boosting(of: Callable, evidence: Evidence, other: str, name: str, *, third: str) -> Measured:
    """Measure AdaBoost's answers, (learners, example): those on a third of difficulty, and all."""
    examples, steps = examples_of(evidence, "test", other, name), several_epochs(evidence, name)

    def value(scores: Scores) -> float:
        answers = scores.consistency(name, steps, examples)
        chosen = stats.thirds(scores.accessibility(other, examples))[third]
        return of(answers[:, chosen], answers)

    epochs = {each: trained_epochs(evidence, each) for each in (other, name)}
    return Measured(value, examples, epochs)
