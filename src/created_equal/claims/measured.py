"""What a measure returns: a statistic of chosen examples and epochs, as a function of scores."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from created_equal import scores as stats
from created_equal.scores import BINS, Examples, Scores
from created_equal.study import BASELINE_PREFIX

SIZES = (2, 5, 10, 20, 50)
FREE = (
    "two networks agree on {:.2f} (kappa {:.2f}); c <= 0.1: {:.2f}, c >= 0.9: {:.2f}; "
    "Beta({:.2f}, {:.2f})"
)


@dataclass(frozen=True)
class Measured:
    """A statistic, with its choice of epochs and examples: here, a function of their scores."""

    function: Callable[..., float]
    examples: Examples
    epochs: Mapping[str, np.ndarray]  # Of each ensemble and baseline.
    over: str = "examples and networks"  # What its resamples draw.
    note: Callable[[Scores], str] = lambda scores: ""

    def value(self, scores: Scores) -> float:
        return self.function(scores)

    def of_networks(self, observed: Scores, paper: int | None) -> dict:
        """Return the fields of ``check.Row`` about other numbers of networks, as the paper's."""
        return {}


class OfHistograms(Measured):
    """A function of the histograms of c of an ensemble, (epoch, N + 1)."""

    def histograms(self, scores: Scores) -> np.ndarray:
        ((name, epochs),) = self.epochs.items()
        return scores.histograms(name, epochs, self.examples)

    def value(self, scores: Scores) -> float:
        return self.function(self.histograms(scores))

    def of_networks(self, observed: Scores, paper: int | None) -> dict:
        (networks,) = (observed.networks(name) for name in self.epochs)
        if networks < 2:
            return {}
        histograms, value = self.histograms(observed), self.function
        found = {"free_of_networks": FREE.format(*stats.free_of_networks(histograms))}
        found["by_networks"] = ", ".join(
            f"{size}: {value(stats.histograms_of_subensembles(histograms, size)):.3g}"
            for size in SIZES
            if size < networks
        )
        if paper and networks < paper:
            # The change that the fit predicts, as a bad fit is bad at either number.
            both = (stats.expected_histograms(histograms, of) for of in (networks, paper))
            here, there = map(value, both)
            found["expected"] = value(histograms) + there - here
        return found


class OfPairs(Measured):
    """The mean correlation of pairs of scores of the examples: here, of a in two ensembles."""

    def pairs(self, scores: Scores, of: Callable = np.asarray) -> Iterable[Sequence[np.ndarray]]:
        """Return the pairs, made of a function of the examples' scores."""
        return [[of(scores.accessibility(name, self.examples)) for name in self.epochs]]

    def halves(self, scores: Scores, name: str) -> Sequence[float]:
        """Return the correlation of the halves of an ensemble, by pair."""
        return [scores.correlation_of_halves(name, self.examples, self.function)]

    def value(self, scores: Scores) -> float:
        return stats.nan_mean(self.function(*pair) for pair in self.pairs(scores))

    def of_networks(self, observed: Scores, paper: int | None) -> dict:
        """Return the other forms of it; the noise of N networks is that between halves."""
        sizes = {name: observed.networks(name) for name in self.epochs}
        labels = observed.labels(next(iter(sizes)), self.examples)
        pairs, within = (
            self.pairs(observed, of)
            # Rounded, so that ties within a class remain ties.
            for of in (np.asarray, lambda a: stats.without_class_means(a, labels).round(12))
        )
        # A baseline has no networks, and so no noise.
        ensembles = [name for name in sizes if not name.startswith(BASELINE_PREFIX)]
        halves = [self.halves(observed, name) for name in ensembles]
        factors = [max(1, (paper or 0) / sizes[name]) for name in ensembles]
        found = stats.forms_of_correlation(self.function, pairs, within, halves, factors)
        if len(sizes) == 1:
            found |= {"corrected": nan, "expected": stats.spearman_brown(*halves[0], *factors)}
        return found | ({} if min(sizes.values()) < (paper or 0) else {"expected": nan})


class OfHalves(OfPairs):
    """The correlation of a in every second network of an ensemble and in the others."""

    def pairs(self, scores: Scores, of: Callable = np.asarray) -> Iterable[Sequence[np.ndarray]]:
        return ([*map(of, scores.halves(name, self.examples))] for name in self.epochs)


class OfBins(OfPairs):
    """The correlation of the means of a in bins of similar a in the second."""

    def pairs(self, scores: Scores, of: Callable = np.asarray) -> Iterable[Sequence[np.ndarray]]:
        return (stats.quantile_means(two, one, BINS) for one, two in super().pairs(scores, of))

    def halves(self, scores: Scores, name: str) -> Sequence[float]:
        ((_, second),) = super().pairs(scores)

        def r(*halves: np.ndarray) -> float:
            return self.function(*(stats.quantile_means(second, half, BINS)[1] for half in halves))

        return [scores.correlation_of_halves(name, self.examples, r)]


class OfEpochs(OfPairs):
    """The mean correlation of c in two ensembles at pairs of epochs."""

    def pairs(self, scores: Scores, of: Callable = np.asarray) -> Iterable[Sequence[np.ndarray]]:
        # One pair at a time, as the examples may be a million.
        for at in zip(*self.epochs.values(), strict=True):
            rows = zip(self.epochs, at, strict=True)
            yield [of(scores.n_right(name, [epoch], self.examples)[0]) for name, epoch in rows]

    def halves(self, scores: Scores, name: str) -> Sequence[float]:
        n_right = scores.n_right(name, self.epochs[name], self.examples)
        return stats.correlations_of_drawn_halves(n_right, scores.networks(name), self.function)
