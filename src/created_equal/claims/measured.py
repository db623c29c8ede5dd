"""What a measure returns: a statistic of chosen examples and epochs, as a function of scores."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from created_equal import scores as stats
from created_equal.scores import BINS, Examples, Scores


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


class OfHistograms(Measured):
    """A function of the histograms of c of an ensemble, (epoch, N + 1)."""

    def histograms(self, scores: Scores) -> np.ndarray:
        ((name, epochs),) = self.epochs.items()
        return scores.histograms(name, epochs, self.examples)

    def value(self, scores: Scores) -> float:
        return self.function(self.histograms(scores))


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
