"""The measures of findings of other papers, registered among those of the paper."""

import numpy as np

from created_equal import scores as stats
from created_equal.beyond.label_errors import label_errors
from created_equal.claims.choices import all_epochs, examples_of, trained_epochs
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import Measured
from created_equal.claims.registry import (
    CONSISTENCY,
    FEWEST,
    MANY,
    NOT_NEGATIVE,
    SHARE,
    SIGNED,
    measure,
)
from created_equal.errors import InputError
from created_equal.scores import MOST_EXAMPLES, NULLS, Examples, Scores

HARDEST = 0.1
FEWEST_FOR_VARIANCE = 50  # With 20, the interval misses the value in 14 % of simulations.


@measure(possible=SHARE, nulls=tuple(NULLS), fewest=FEWEST)
def label_errors_rank(
    evidence: Evidence, name: str, *, against: str = "all other test examples"
) -> Measured:
    """AUROC of 1 - a for test labels that people did not confirm, against {against}."""
    labels = label_errors(evidence.dataset, evidence.scores[name])
    rest = labels.confirmed if "flagged" in against else labels.others
    words = f"{len(labels.doubted)} and {len(rest)} test"
    doubted, others = (Examples(names, words) for names in (labels.doubted, rest))

    def value(scores: Scores) -> float:
        hard, easy = (-scores.accessibility(name, each) for each in (doubted, others))
        ranks_of_hard = stats.ranks(np.concatenate([hard, easy]))[: len(hard)]
        return float((ranks_of_hard.mean() - (len(hard) + 1) / 2) / len(easy))

    return Measured(value, doubted, {name: trained_epochs(evidence, name)})


@measure(possible=(0, 1 / HARDEST), nulls=tuple(NULLS), fewest=FEWEST)
def label_errors_among_the_hardest(evidence: Evidence, name: str) -> Measured:
    """Share of the test labels that people did not confirm that is in the hardest tenth by a, over
    that of all test examples.
    """
    doubted, everyone = _doubted_and_all(evidence, name)

    def value(scores: Scores) -> float:
        of_all = np.sort(scores.accessibility(name, everyone))
        of_doubted = scores.accessibility(name, doubted)
        # Of the examples that tie at the end of the tenth, only a share counts.
        size = HARDEST * len(of_all)
        last = of_all[int(np.ceil(size)) - 1]
        below, equal = (of_all < last).sum(), (of_all == last).sum()
        share = (size - below) / equal
        return float(((of_doubted < last) + share * (of_doubted == last)).mean() / HARDEST)

    return Measured(value, doubted, {name: trained_epochs(evidence, name)})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=MANY)
def label_errors_among_the_agreed_but_wrong(evidence: Evidence, name: str) -> Measured:
    """Share of the test labels that people did not confirm that has a consensus of at least 0.9 and
    c <= 0.05, over that of all test examples, last epoch.
    """
    (doubted, everyone), last = _doubted_and_all(evidence, name), all_epochs(evidence, name)[-1:]

    def share(scores: Scores, examples: Examples) -> float:
        agreed = scores.consensus(name, last, examples) >= stats.LEAST_CONSENSUS
        wrong = scores.consistency(name, last, examples) <= stats.MOST_CONSISTENCY
        return (agreed & wrong).mean()

    def value(scores: Scores) -> float:
        of_doubted, of_all = share(scores, doubted), share(scores, everyone)
        return float(of_doubted / of_all) if of_all else np.nan

    return Measured(value, doubted, {name: last})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=FEWEST, by_network=True)
def disagreement_over_error(evidence: Evidence, name: str) -> Measured:
    """Share of test examples on which two networks disagree, over the test error of one, mean over
    pairs and networks, last epoch.
    """
    examples, last = examples_of(evidence, "test", name), all_epochs(evidence, name)[-1:]

    def value(scores: Scores) -> float:
        error = 1 - scores.consistency(name, last, examples).mean()
        unlike = scores.disagreement(name, last, examples).mean()
        return float(unlike / error) if error else np.nan

    return Measured(value, examples, {name: last})


@measure(possible=NOT_NEGATIVE, nulls=CONSISTENCY, fewest=FEWEST, by_network=True)
def disagreement_of_one_noise(evidence: Evidence, whole: str, name: str) -> Measured:
    """How often two networks of the second give an example two labels, over how often two of the
    first do, last epoch that both have, test examples.
    """
    examples = examples_of(evidence, "test", whole, name)
    last = np.intersect1d(all_epochs(evidence, whole), all_epochs(evidence, name))[-1:]

    def value(scores: Scores) -> float:
        one, two = (scores.disagreement(each, last, examples).mean() for each in (whole, name))
        return two / one if one else np.nan

    return Measured(value, examples, dict.fromkeys((whole, name), last))


@measure(possible=NOT_NEGATIVE, fewest=FEWEST_FOR_VARIANCE, by_network=True)
def variance_over_independent(evidence: Evidence, name: str) -> Measured:
    """Variance of test accuracy over networks, relative to that of independent examples,
    N/(N - 1) sum(c (1 - c))/n^2, last epoch.
    """
    examples, last = examples_of(evidence, "test", name), all_epochs(evidence, name)[-1:]
    if len(examples.names) > MOST_EXAMPLES:
        raise InputError(
            f"it depends on the number of test examples, and predictions of only {MOST_EXAMPLES:,} "
            f"of the {len(examples.names):,} are read; compare the columns variance_of_accuracy "
            "and variance_if_independent of epochs.csv."
        )

    def value(scores: Scores) -> float:
        # Only networks are resampled, because examples that are drawn twice would vary together.
        right = Scores(scores.counts).right(name, last[0], examples)
        expected = stats.variance_if_independent(right.sum(axis=0), len(right))
        return stats.variance_of_accuracy(right.mean(axis=1)) / expected if expected else np.nan

    return Measured(value, examples, {name: last}, over="networks")


@measure(possible=SIGNED, nulls=CONSISTENCY, fewest=FEWEST, by_network=True)
def consistent_errors(evidence: Evidence, name: str) -> Measured:
    """Cohen's kappa of being right, of two networks, mean over pairs, last epoch, test examples."""
    examples, last = examples_of(evidence, "test", name), all_epochs(evidence, name)[-1:]

    def value(scores: Scores) -> float:
        right = scores.right(name, last[0], examples)
        return stats.error_consistency(right.sum(axis=0), right.mean(axis=1))

    return Measured(value, examples, {name: last})


@measure(possible=SIGNED, nulls=tuple(NULLS), fewest=FEWEST)
def consistent_errors_of_two(evidence: Evidence, other: str, name: str) -> Measured:
    """Cohen's kappa of being right, of a network of the first and one of the second, mean over
    pairs, last epoch of each, test examples.
    """
    examples = examples_of(evidence, "test", other, name)
    epochs = {each: all_epochs(evidence, each)[-1:] for each in (other, name)}

    def value(scores: Scores) -> float:
        pair = (scores.consistency(each, of, examples)[0] for each, of in epochs.items())
        return stats.error_consistency_between(*pair)

    return Measured(value, examples, epochs)


def _doubted_and_all(evidence: Evidence, name: str) -> tuple[Examples, Examples]:
    labels = label_errors(evidence.dataset, evidence.scores[name])
    names = np.union1d(labels.doubted, labels.others)
    words = f"{len(labels.doubted)} of {len(names)} test"
    return Examples(labels.doubted, words), Examples(names, words)
