"""What claims measure: a function for each statistic, under the name that claims.yaml uses.

Each chooses epochs and examples once, from observed scores, and returns with them a function of
scores, which is called with those observed, of each null and of each resample. The first paragraph
of its docstring is the statistic in the table: c is consistency, a accessibility.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf, nan

import numpy as np

from created_equal.artefacts import iterate_epochs, select_split
from created_equal.claims.evidence import Evidence
from created_equal.errors import InputError
from created_equal.scores import (
    BINS,
    LEAST_FIT,
    MIDDLE,
    NULLS,
    PATTERNS,
    PHASES,
    Examples,
    Scores,
    accuracy_by_epoch,
    below_chance,
    best_matched_pairs,
    bimodality_of_counts,
    corners,
    correlations_of_drawn_halves,
    diagonal,
    differences_from,
    histograms_of_subensembles,
    joint_cells,
    mean_bimodality,
    mean_rank_correlation,
    nan_mean,
    nearest_matches,
    pattern_fits,
    pearson,
    quantile_means,
    rapidity,
    rise_of_mean,
    spearman,
    thirds,
    two_peaks,
)

FEWEST = 5  # With fewer networks, c has too few values to say whether they agree.
MANY = 20  # For statistics that change with N in a way that no model predicts.
FEW = 0.01  # The share of the train set that has c = 1 when labels are first counted.
SUBENSEMBLE = 10
POWER = "They differ by {:.3f}, such parts by {:.3f} (median); differences below {:.3f} go unseen."
SHARE, SIGNED, NOT_NEGATIVE = (0, 1), (-1, 1), (0, inf)
CONSISTENCY, JOINT = tuple(NULLS)[:2], tuple(NULLS)[1:]
SUMMARIES = {
    "mean": np.nanmean,
    "median": np.nanmedian,
    "lowest": np.nanmin,
    "highest": np.nanmax,
    "share above 1": lambda values: (values > 1).mean(),
}
CORRELATIONS = {"Pearson": pearson, "Spearman": spearman}
LEARNING = f"epochs with a mean c of {MIDDLE[0]} to {MIDDLE[1]}"


@dataclass(frozen=True)
class Measured:
    """A statistic, with its choice of epochs and examples."""

    value: Callable[[Scores], float]
    examples: Examples
    epochs: Mapping[str, np.ndarray]  # Of each ensemble and baseline.
    # If the value is a function of histograms of c, (epoch, N + 1): these, and the function.
    histograms: Callable[[Scores], np.ndarray] | None = None
    summary: Callable[[np.ndarray], float] | None = None
    # If it is a correlation, or a mean of some: r, what is correlated (after a function of each
    # score of examples), and r of the halves of an ensemble.
    r: Callable[[np.ndarray, np.ndarray], float] | None = None
    pairs: Callable[[Scores, Callable], Iterable] | None = None
    halves: Callable[[Scores, str], Sequence[float]] | None = None
    over: str = "examples and networks"  # What its resamples draw.
    note: Callable[[Scores], str] = lambda scores: ""


@dataclass(frozen=True)
class Measure:
    """A function from evidence, names and arguments to ``Measured``, and what is known about it."""

    of: Callable[..., Measured]
    words: str  # The statistic, with arguments in braces.
    possible: tuple[float, float] = (-inf, inf)
    nulls: Sequence[str] = ()  # See ``scores.NULLS``.
    fewest: int = 1  # The number of networks from which on it says something.
    by_network: bool = False  # Whether it needs the predictions of each network.

    def statistic(self, arguments: Mapping) -> str:
        """Return the statistic in words, with the arguments in their places."""
        words = self.words.format_map({**(self.of.__kwdefaults__ or {}), **arguments})
        return words[0].upper() + words[1:]


MEASURES: dict[str, Measure] = {}


def measure(**known) -> Callable:
    """Enter a function in ``MEASURES``."""

    def enter(of: Callable[..., Measured]) -> Callable[..., Measured]:
        words = " ".join(of.__doc__.partition("\n\n")[0].split()).rstrip(".")
        MEASURES[of.__name__] = Measure(of, words, **known)
        return of

    return enter


def measure_of_histograms(possible: tuple[float, float], fewest: int = FEWEST) -> Callable:
    """Enter a statistic from histograms of c, (epoch, N + 1), and K to (epoch,) in ``MEASURES``."""

    def enter(statistic: Callable[[np.ndarray, int], np.ndarray]) -> Callable:
        def of(
            evidence: Evidence, name: str, *, split: str = "test", at: str = LEARNING, over="mean"
        ) -> Measured:
            examples, epochs = _examples(evidence, split, name), _epochs(evidence, name, split, at)
            classes = evidence.scores[name].attrs["classes"]

            def summary(counts: np.ndarray) -> float:
                values = statistic(counts, classes)
                return nan if np.isnan(values).all() else float(SUMMARIES[over](values))

            histograms = lambda scores: scores.histograms(name, epochs, examples)  # noqa: E731
            value = lambda scores: summary(histograms(scores))  # noqa: E731
            return Measured(value, examples, {name: epochs}, histograms, summary)

        words = f"{statistic.__doc__.rstrip('.')}, {{over}} of {{at}}, {{split}} examples"
        MEASURES[statistic.__name__] = Measure(of, words, possible, CONSISTENCY, fewest)
        return of

    return enter


@measure(possible=SIGNED)
def accuracy(
    evidence: Evidence, name: str, *, split="test", at="last epoch", what="mean accuracy"
) -> Measured:
    """{what}, {at}, {split} examples."""
    epochs, classes = _all(evidence, name), evidence.scores[name].attrs["classes"]
    first, last = epochs[:1], epochs[-1:]
    shown = {"epoch 0": first, "epoch 1": epochs[1:2], "highest of all": epochs[1:]}.get(at, last)
    chance, examples = ("1/K" in what) / classes, _examples(evidence, split, name)

    def value(scores: Scores) -> float:
        if "rise" in what:
            return rise_of_mean(scores.consistency(name, epochs, examples))
        means = scores.n_right(name, shown, examples).mean(axis=1) / scores.networks(name)
        return means.max() - chance

    return Measured(value, examples, {name: _learners(evidence, name) if "rise" in what else shown})


@measure(possible=SIGNED)
def accuracy_difference(evidence: Evidence, other: str, name: str) -> Measured:
    """Accuracy of the second less that of the first, last epoch of each, test examples."""
    examples = _examples(evidence, "test", other, name)
    epochs = {each: _all(evidence, each)[-1:] for each in (other, name)}

    def value(scores: Scores) -> float:
        one, two = (scores.consistency(each, of, examples).mean() for each, of in epochs.items())
        return two - one

    return Measured(value, examples, epochs)


@measure_of_histograms(possible=SHARE)
def unanimous(counts: np.ndarray, classes: int) -> np.ndarray:
    """Share of examples with c = 0 or 1."""
    return (counts[:, 0] + counts[:, -1]) / counts.sum(axis=1)


@measure_of_histograms(possible=SHARE)
def below_guessing(counts: np.ndarray, classes: int) -> np.ndarray:
    """Share of examples with c < 1/K."""
    networks = counts.shape[1] - 1
    return counts @ below_chance(np.arange(networks + 1), networks, classes) / counts.sum(axis=1)


@measure_of_histograms(possible=NOT_NEGATIVE)
def bimodality(counts: np.ndarray, classes: int) -> np.ndarray:
    """Pearson's bi-modality of c (0.8 if uniform)."""
    return bimodality_of_counts(counts)


@measure_of_histograms(possible=NOT_NEGATIVE)
def peaks(counts: np.ndarray, classes: int) -> np.ndarray:
    """Fullness of the emptier end of c (0 to 0.1, 0.9 to 1) relative to the middle."""
    return two_peaks(counts)


@measure_of_histograms(possible=SHARE)
def mean_consistency(counts: np.ndarray, classes: int) -> np.ndarray:
    """Mean c."""
    return counts @ np.arange(counts.shape[1]) / (counts.sum(axis=1) * (counts.shape[1] - 1))


@measure(nulls=CONSISTENCY, fewest=FEWEST)
def bimodality_difference(
    evidence: Evidence, other: str, name: str, *, split: str = "test"
) -> Measured:
    """Bi-modality of the second less that of the first, mean over phase 3 and all subsets of as
    many networks as the smaller has, {split} examples.
    """
    examples = _examples(evidence, split, other, name)
    epochs = {each: _epochs(evidence, each, split, "phase 3") for each in (other, name)}

    def value(scores: Scores) -> float:
        networks = min(map(scores.networks, epochs))
        counts = (scores.histograms(each, of, examples) for each, of in epochs.items())
        one, two = (mean_bimodality(each, networks) for each in counts)
        return two - one

    return Measured(value, examples, epochs)


@measure_of_histograms(possible=(-inf, inf), fewest=2 * SUBENSEMBLE)
def fewer_networks(counts: np.ndarray, classes: int) -> np.ndarray:
    """Bi-modality of all subsets of 10 networks less that of all networks."""
    subsets = histograms_of_subensembles(counts, min(SUBENSEMBLE, counts.shape[1] - 1))
    return bimodality_of_counts(subsets) - bimodality_of_counts(counts)


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=FEWEST)
def generalization(evidence: Evidence, *names: str) -> Measured:
    """Spearman's correlation, over ensembles, of test accuracy and bi-modality (all subsets of 5
    networks, mean over the epochs with a mean c of 0.05 to 0.9), test examples.
    """
    learned = [name for name in dict.fromkeys(names) if evidence.informative(name, "test").any()]
    if len(learned) < FEWEST:
        raise InputError(f"there are fewer than {FEWEST} ensembles that learn; add some.")
    epochs = {name: _epochs(evidence, name, "test", LEARNING) for name in learned}
    examples = {name: _examples(evidence, "test", name) for name in learned}

    def value(scores: Scores) -> float:
        pairs = []
        for name, of in epochs.items():
            last = scores.consistency(name, _all(evidence, name)[-1:], examples[name])
            counts = scores.histograms(name, of, examples[name])
            pairs.append((last.mean(), mean_bimodality(counts, FEWEST)))
        drawn = np.arange(len(pairs))
        if scores.resample is not None:  # The claim is about ensembles, so they are drawn as well.
            drawn = np.random.default_rng(scores.resample).integers(len(pairs), size=len(pairs))
        return spearman(*np.array(pairs)[drawn].T)

    return Measured(value, examples[learned[0]], epochs, over="ensembles, networks and examples")


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=FEWEST)
def consensus_rise(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Mean consensus at the last epoch less that at epoch 1, {split} examples."""
    trained, examples = _trained(evidence, name), _examples(evidence, split, name)
    if len(trained) < 2:
        raise InputError("only one epoch after the untrained one was recorded; record two or more.")
    epochs = trained[[0, -1]]
    means = lambda scores: scores.consensus(name, epochs, examples).mean(axis=1)  # noqa: E731
    return Measured(lambda scores: np.diff(means(scores))[0], examples, {name: epochs})


@measure(possible=SHARE, nulls=CONSISTENCY, fewest=MANY)
def consensus_where_wrong(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Mean consensus about the examples that networks are not right about, mean over up to five
    epochs with a mean c of 0.05 to 0.9, {split} examples.
    """
    epochs = _spread(_epochs(evidence, name, split, LEARNING), 5)
    examples = _examples(evidence, split, name)

    def value(scores: Scores) -> float:
        consensus = scores.consensus(name, epochs, examples)
        wrong = [~scores.majority(name, epoch, examples) for epoch in epochs]
        return nan_mean([nan_mean(row[of]) for row, of in zip(consensus, wrong, strict=True)])

    return Measured(value, examples, {name: epochs})


@measure(possible=SIGNED, nulls=JOINT)
def moved_less_own_class(evidence: Evidence, original: str, name: str) -> Measured:
    """Accuracy on the moved examples less that of the original networks on the test examples of the
    same classes, mean over epochs >= 1.
    """
    moved, test = _examples(evidence, "moved", name), _examples(evidence, "test", original)
    epochs = np.intersect1d(_trained(evidence, original), _trained(evidence, name))

    def value(scores: Scores) -> float:
        of_moved = scores.consistency(name, epochs, moved).mean(axis=0)
        of_test = scores.consistency(original, epochs, test).mean(axis=0)
        classes, labels = scores.labels(name, moved), scores.labels(original, test)
        return nan_mean(of_moved - [nan_mean(of_test[labels == label]) for label in classes])

    return Measured(value, moved, dict.fromkeys((original, name), epochs))


@measure(possible=SHARE)
def moved_as_test(evidence: Evidence, original: str, name: str) -> Measured:
    """Share of 1,000 random parts of the test set, as large as the moved examples, that differ less
    from all of it in accuracy than the moved examples do, mean of the absolute difference over
    epochs >= 1.
    """
    moved, test = _examples(evidence, "moved", name), _examples(evidence, "test", original)
    epochs = np.intersect1d(_trained(evidence, original), _trained(evidence, name))

    def differences(scores: Scores) -> tuple[float, np.ndarray]:
        of_test = scores.consistency(original, epochs, test)
        return differences_from(of_test, scores.consistency(name, epochs, moved))

    def value(scores: Scores) -> float:
        difference, of_parts = differences(scores)
        return float((of_parts < difference).mean())

    def note(scores: Scores) -> str:
        difference, of_parts = differences(scores)
        return POWER.format(difference, *np.percentile(of_parts, [50, 95]))

    return Measured(value, moved, dict.fromkeys((original, name), epochs), note=note)


@measure(possible=SIGNED, nulls=tuple(NULLS)[:3], fewest=FEWEST)
def halves(evidence: Evidence, name: str, *, split: str = "test", r: str = "Pearson") -> Measured:
    """{r}'s r of a in the even and in the odd networks, {split} examples."""
    examples, epochs = _examples(evidence, split, name), {name: _trained(evidence, name)}
    pairs = lambda scores, of: [[*map(of, scores.halves(name, examples))]]  # noqa: E731
    return _of_pairs(pairs, r, examples, epochs)


@measure(possible=SIGNED, nulls=tuple(NULLS), fewest=FEWEST)
def order(
    evidence: Evidence, other: str, name: str, *, split="test", r: str = "Pearson", points=""
) -> Measured:
    """{r}'s r of a in the two{points}, {split} examples."""
    examples = _examples(evidence, split, other, name)
    epochs = {each: _trained(evidence, each) for each in (other, name)}

    def pairs(scores: Scores, of: Callable) -> list:
        one, two = (of(scores.accessibility(each, examples)) for each in epochs)
        return [quantile_means(two, one, BINS) if points else (one, two)]

    def halves(scores: Scores, each: str) -> list[float]:
        two = scores.accessibility(name, examples)
        in_bins = lambda *pair: [quantile_means(two, half, BINS)[1] for half in pair]  # noqa: E731
        r_of = lambda *pair: CORRELATIONS[r](*in_bins(*pair))  # noqa: E731
        return [scores.correlation_of_halves(each, examples, r_of)]

    return _of_pairs(pairs, r, examples, epochs, halves if points else None)


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=2 * FEWEST, by_network=True)
def longer_at_zero(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Spearman's r of the number of epochs >= 1 with c = 0 in the even networks and a in the odd
    networks, {split} examples.
    """
    examples, epochs = _examples(evidence, split, name), _trained(evidence, name)

    def value(scores: Scores) -> float:
        (even, _), (odd, _) = scores.half_n_right(name, epochs, examples)
        return spearman((even == 0).sum(axis=0), odd.sum(axis=0, dtype=float))

    return Measured(value, examples, {name: epochs})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=MANY)
def rapid_rise(evidence: Evidence, name: str, *, split: str = "train") -> Measured:
    """Epochs from the last with c <= 1/6 to the first with c >= 5/6, median over the examples that
    rise so, over the interquartile range of the middle of these epochs, {split} examples.
    """
    examples, epochs = _examples(evidence, split, name), _all(evidence, name)

    def value(scores: Scores) -> float:
        return rapidity(scores.n_right(name, epochs, examples), scores.networks(name), epochs)

    return Measured(value, examples, {name: epochs})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=FEWEST, by_network=True)
def share_of_disagreement(evidence: Evidence, whole: str, name: str) -> Measured:
    """Share of pairs of networks with two labels, of the second over that of the first, last epoch
    that both have, test examples.
    """
    examples = _examples(evidence, "test", whole, name)
    last = np.intersect1d(_all(evidence, whole), _all(evidence, name))[-1:]

    def value(scores: Scores) -> float:
        one, two = (scores.disagreement(each, last, examples).mean() for each in (whole, name))
        return two / one if one else nan

    return Measured(value, examples, dict.fromkeys((whole, name), last))


@measure(possible=SIGNED, nulls=CONSISTENCY[:1], fewest=FEWEST, by_network=True)
def order_of_classes(evidence: Evidence, name: str, *, split: str = "test") -> Measured:
    """Spearman's r of the classes' mean a in two networks, mean of all pairs, {split} examples."""
    examples = _examples(evidence, split, name)

    def value(scores: Scores) -> float:
        labels, by_network = scores.labels(name, examples), scores.by_network(name, examples)
        means = [by_network[:, labels == label].mean(axis=1) for label in np.unique(labels)]
        return mean_rank_correlation(np.transpose(means))

    return Measured(value, examples, {name: _trained(evidence, name)})


@measure(possible=NOT_NEGATIVE, nulls=JOINT[:2], fewest=2 * FEWEST)
def joint(evidence: Evidence, other: str, name: str, *, pair: str, what: str) -> Measured:
    """{what} of the joint distribution of c, {pair} pair of epochs of equal accuracy (corners: the
    emptier of (0, 0) and (1, 1) over the median cell; diagonal: mean cell of equal c, without the
    corners, over the mean of the others), test examples.
    """
    found = best_matched_pairs(*_accuracies(evidence, other, name))[pair == "a late"]
    epochs = {other: np.array([found.epoch_a]), name: np.array([found.epoch_b])}
    examples = _examples(evidence, "test", other, name)
    of = {"corners": corners}.get(what, diagonal)

    def value(scores: Scores) -> float:
        one, two = (scores.n_right(each, epoch, examples)[0] for each, epoch in epochs.items())
        return of(joint_cells(one, two, (scores.networks(other), scores.networks(name))))

    return Measured(value, examples, epochs)


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def agreement_when_equal(
    evidence: Evidence, other: str, name: str, *, split: str = "test", r: str = "Pearson"
) -> Measured:
    """{r}'s r of c in the two, mean over up to 20 epochs of the first, each with that epoch of the
    second which is nearest in accuracy, by at most 0.01, {split} examples.
    """
    matches = np.array(nearest_matches(*_accuracies(evidence, other, name, split=split)))
    if not matches.size:
        raise InputError(f"{other} and {name} are equally accurate at no epochs; train longer.")
    epochs = dict(zip((other, name), _spread(matches[:, :2].astype(int), 20).T, strict=True))
    examples = _examples(evidence, split, other, name)

    def pairs(scores: Scores, of: Callable) -> Iterator:
        rows = (scores.n_right(each, at, examples) for each, at in epochs.items())
        return ([*map(of, pair)] for pair in zip(*rows, strict=True))

    def halves(scores: Scores, each: str) -> list[float]:
        n_right = scores.n_right(each, epochs[each], examples)
        return correlations_of_drawn_halves(n_right, scores.networks(each), CORRELATIONS[r])

    return _of_pairs(pairs, r, examples, epochs, halves)


@measure(possible=SHARE, nulls=JOINT, fewest=FEWEST)
def weaker_first(evidence: Evidence, other: str, name: str) -> Measured:
    """Share of the examples that the weaker networks are right about in the end about which the
    stronger are right at the first epoch with the same accuracy, test examples.
    """
    accuracies = dict(zip((other, name), _accuracies(evidence, other, name), strict=True))
    weak, strong = sorted(accuracies, key=lambda each: accuracies[each][-1])
    reached = 1 + int(np.argmax(accuracies[strong][1:] >= accuracies[weak][-1]))
    return _given(evidence, strong, reached, weak, len(accuracies[weak]) - 1)


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def right_given_right(
    evidence: Evidence, other: str, name: str, *, when: str, less="", figure="figure_05"
) -> Measured:
    """P(first right | second right){less}, {when} of learning, test examples."""
    both = (other, name) if figure == "figure_05" else (other,)
    epoch = _figure_epoch(evidence, figure, when, *both)
    last = epoch if len(both) == 2 else _all(evidence, name)[-1]
    return _given(evidence, other, epoch, name, last, bool(less))


@measure(possible=(-2, 2), nulls=JOINT, fewest=FEWEST)
def similarity_fades(evidence: Evidence, other: str, name: str) -> Measured:
    """P(first right | second right) - P(first right), beginning less end, test examples."""
    first, last = (
        right_given_right(evidence, other, name, when=when, less=" - P(first right)")
        for when in ("beginning", "end")
    )
    epochs = {each: np.append(first.epochs[each], last.epochs[each]) for each in first.epochs}
    return Measured(lambda scores: first.value(scores) - last.value(scores), first.examples, epochs)


@measure(possible=SIGNED, nulls=JOINT, fewest=FEWEST)
def easier_for_both(evidence: Evidence, other: str, name: str, *, when: str) -> Measured:
    """Accuracy of the second where the first are right less that where they are wrong, {when} of
    learning, test examples.
    """
    examples, last = _examples(evidence, "test", other, name), _all(evidence, name)[-1:]
    epoch = _figure_epoch(evidence, "figure_07", when, other)

    def value(scores: Scores) -> float:
        right = scores.majority(other, epoch, examples)
        accurate = scores.consistency(name, last, examples)[0]
        return nan_mean(accurate[right]) - nan_mean(accurate[~right])

    return Measured(value, examples, {other: np.array([epoch]), name: last})


@measure(possible=(-1.5, 1.5), nulls=JOINT, fewest=FEWEST)
def boosting(evidence: Evidence, other: str, name: str, *, what: str, third: str) -> Measured:
    """{what} of AdaBoost's accuracy on the {third} (level: less that on all, mean over its number
    of learners k; rise: from k = 1 to the last, along the line of best fit), test examples.
    """
    examples, steps = _examples(evidence, "test", other, name), _learners(evidence, name)

    def value(scores: Scores) -> float:
        curves = scores.consistency(name, steps, examples)
        chosen = curves[:, thirds(scores.accessibility(other, examples))[third.split()[0]]]
        return chosen.mean() - curves.mean() if what == "level" else rise_of_mean(chosen)

    epochs = {each: _trained(evidence, each) for each in (other, name)}
    return Measured(value, examples, epochs)


@measure(nulls=CONSISTENCY, fewest=MANY)
def labels_at_one(evidence: Evidence, name: str, *, at: str = "first") -> Measured:
    """Number of labels with c = 1 among train examples, {at} (first: when 1 % have it)."""
    epochs, networks = _all(evidence, name), evidence.scores[name].sizes["network"]
    rows = iterate_epochs(evidence.scores[name], "n_right", "train")
    shares = np.array([(row == networks).mean() for row in rows])
    reached = epochs[(shares >= FEW) & (epochs > 0)]
    if not reached.size:
        raise InputError(
            f"fewer than {FEW:.0%} of the train examples ever have a consistency of 1 in {name}; "
            "train it for longer."
        )
    shown = reached[:1] if at == "first" else np.array([reached[0], epochs[-1]])
    examples = _examples(evidence, "train", name)

    def value(scores: Scores) -> float:
        labels = scores.labels(name, examples)
        at_one = scores.n_right(name, shown, examples) == scores.networks(name)
        first, *last = (len(np.unique(labels[row])) for row in at_one)
        return float(last[0] - first if last else first)

    return Measured(value, examples, {name: shown})


@measure(possible=SHARE, nulls=CONSISTENCY, fewest=MANY)
def patterns(
    evidence: Evidence, name: str, *, split: str = "train and test", shown: str
) -> Measured:
    """Share that fit a pattern of figure 11 by at least 0.5: {shown}; {split} examples."""
    examples, epochs = _examples(evidence, split, name), _all(evidence, name)
    rows = [PATTERNS.index(shown)] if shown in PATTERNS else range(4)
    chance = 1 / evidence.scores[name].attrs["classes"]

    def value(scores: Scores) -> float:
        n_right = scores.n_right(name, epochs, examples)
        fits = pattern_fits(n_right, scores.networks(name), chance)
        return (fits[rows] >= LEAST_FIT).any(axis=0).mean()

    return Measured(value, examples, {name: epochs})


def _of_pairs(
    pairs: Callable, r: str, examples: Examples, epochs: Mapping, halves: Callable | None = None
) -> Measured:
    """Measure the mean correlation of pairs; without ``halves``, these are of accessibility."""
    of = CORRELATIONS[r]
    whole = lambda scores, each: [scores.correlation_of_halves(each, examples, of)]  # noqa: E731
    value = lambda scores: nan_mean([of(*pair) for pair in pairs(scores, np.asarray)])  # noqa: E731
    return Measured(value, examples, epochs, r=of, pairs=pairs, halves=halves or whole)


def _given(
    evidence: Evidence, one: str, epoch: int, two: str, last: int, less: bool = False
) -> Measured:
    """Measure P(one is right | two is right), or that less P(one is right)."""
    examples, epochs = _examples(evidence, "test", one, two), {one: epoch, two: last}

    def value(scores: Scores) -> float:
        right, given = (scores.majority(each, of, examples) for each, of in epochs.items())
        return nan_mean(right[given]) - less * right.mean()

    return Measured(value, examples, {each: np.array([of]) for each, of in epochs.items()})


def _learners(evidence: Evidence, name: str) -> np.ndarray:
    """Return the numbers of weak learners."""
    if len(_all(evidence, name)) < 2:
        raise InputError(f"{name} has a single weak learner, and no slope; raise weak_learners.")
    return _all(evidence, name)


def _spread(values: np.ndarray, most: int) -> np.ndarray:
    return values[np.unique(np.linspace(0, len(values) - 1, most).astype(int))]


def _all(evidence: Evidence, name: str) -> np.ndarray:
    return evidence.scores[name]["epoch"].values


def _trained(evidence: Evidence, name: str) -> np.ndarray:
    return _all(evidence, name)[_all(evidence, name) > 0]


def _accuracies(evidence: Evidence, *names: str, split="test") -> list[np.ndarray]:
    return [accuracy_by_epoch(evidence.scores[name], split) for name in names]


def _epochs(evidence: Evidence, name: str, split: str, at: str) -> np.ndarray:
    """Return the epochs of a phase, or all that count for a summary over epochs.

    Raises:
        InputError: there are none at which histograms say something about agreement.
    """
    epochs = _all(evidence, name)
    if at.endswith(">= 1"):
        return _trained(evidence, name)
    if (phase := at.removeprefix("the epoch of ")) in PHASES:
        return np.array([evidence.phases(name)[phase]])
    chosen = evidence.informative(name, split)
    if at == "phase 3":
        chosen &= epochs > evidence.phases(name, by_rule=True)["beginning"]
    if at == "the last epoch":
        chosen &= epochs == epochs[-1]
    if not chosen.any():
        raise InputError(
            f"the mean consistency of {name} on the {split} set is not within {MIDDLE} at {at}, so "
            "histograms say nothing about agreement; take smaller steps of learning."
        )
    found = epochs[chosen]
    if at == "the epoch of lowest bi-modality":
        bimodality = evidence.scores[name]["bimodality"].sel(split=split, epoch=found).values
        return found[[bimodality.argmin()]]
    return found


def _examples(evidence: Evidence, split: str, *names: str) -> Examples:
    """Return the examples of a split that one or two have, or those that the last has moved."""
    return evidence.once((split, *names), lambda: _chosen(evidence, split, *names))


def _chosen(evidence: Evidence, split: str, *names: str) -> Examples:
    if split == "train and test":
        return Examples(evidence.scores[names[0]]["example"].values, split)
    if split == "moved":
        moved = evidence.moved.get(names[-1])
        if moved is None:
            raise InputError(
                f"the scores of {names[-1]} do not say which of its test examples were moved "
                "there; take an ensemble whose dataset has move_to_test."
            )
        return Examples(moved, split)
    parts = [select_split(evidence.scores[name], split) for name in names]
    found = reduce(np.intersect1d, [part["example"].values for part in parts])
    labels = [part["label"].sel(example=found).values for part in parts]
    if not len(found) or not np.array_equal(labels[0], labels[-1]):
        raise InputError(
            f"{names[0]} and {names[-1]} cannot be compared on the {split} set: they share no "
            "examples there, or have other labels for them; name two of the same dataset in the "
            "study."
        )
    return Examples(found, split)


def _figure_epoch(evidence: Evidence, figure: str, when: str, *names: str) -> int:
    """Return the epoch of a figure's beginning or end: the study's choice, or 1 and the last."""
    common = min(int(_all(evidence, name)[-1]) for name in names)
    return evidence.epochs.get(figure, (1, common))[when == "end"]
