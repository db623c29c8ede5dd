"""Scores in memory: the observed ones of an ensemble, those of a null, or those of a resample."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
import xarray as xr

from created_equal.artefacts import belong_to, open_predictions
from created_equal.errors import InputError
from created_equal.scores.agreement import agreeing_pairs, count_dtype, majority_right, modes
from created_equal.scores.histograms import histograms_of
from created_equal.scores.learning import accessibility
from created_equal.scores.order import of_equal_halves

EXAMPLES_AT_ONCE = 2**16
REBUILD = (
    "run again to rebuild them, or, if they are in reference, replace them with created-equal "
    "keep_predictions and keep_scores"
)


@dataclass(frozen=True, eq=False)
class Examples:
    """The examples that a measure has chosen: their names (example,), and a description."""

    names: np.ndarray
    words: str


class Axis:
    """The examples of an ensemble: names, labels and whether they are test examples."""

    def __init__(self, scores: xr.Dataset, among: np.ndarray | None = None):
        """Set the examples of some scores; with ``among``, only those with these names."""
        names = scores["example"].values
        self.of_scores = np.arange(len(names))
        if among is not None:
            self.of_scores = np.flatnonzero(np.isin(names, among))
        self.names = names[self.of_scores]
        self.labels = scores["label"].values[self.of_scores].astype(np.int64)
        self.is_test = scores["example_split"].values[self.of_scores] == "test"
        # An index by hash would take more memory than all else here.
        self._order = np.argsort(self.names)
        self._places: dict[Examples, np.ndarray] = {}

    def places(self, examples: Examples) -> np.ndarray:
        """Return the places on this axis of the examples that it has, in their order."""
        if examples not in self._places:
            found = np.searchsorted(self.names, examples.names, sorter=self._order)
            places = self._order[np.minimum(found, len(self.names) - 1)]
            self._places[examples] = places[self.names[places] == examples.names]
        return self._places[examples]

    def permuted(self, generator: np.random.Generator) -> np.ndarray:
        """Return a random permutation of places within each class and split."""
        group = 2 * self.labels + self.is_test
        random = generator.permutation(len(group))
        places = np.empty_like(random)
        places[np.argsort(group, kind="stable")] = random[np.argsort(group[random], kind="stable")]
        return places


class Stored:
    """The scores of an ensemble or a baseline as they were computed."""

    def __init__(self, scores: xr.Dataset):
        self.scores, self.axis = scores, Axis(scores)
        self.networks = scores.sizes["network"]
        self.epoch = scores["epoch"].values

    @cached_property
    def n_right(self) -> np.ndarray:
        return self._rows("n_right", self.epoch)

    def n_modal(self, epochs: np.ndarray) -> np.ndarray:
        return self._rows("n_modal", epochs)

    @property
    def accessibility(self) -> np.ndarray:
        return self.scores["accessibility"].values

    @property
    def halves(self) -> np.ndarray:
        return self.scores["accessibility_half"].values

    @property
    def half_sizes(self) -> np.ndarray:
        return np.bincount(np.arange(self.networks) % 2, minlength=2)

    def _rows(self, name: str, epochs: np.ndarray) -> np.ndarray:
        rows = np.empty((len(epochs), len(self.axis.names)), self.scores[name].dtype)
        # One row at a time, because HDF5 is slow to read several.
        for row, place in zip(rows, np.searchsorted(self.epoch, epochs).tolist(), strict=True):
            row[:] = self.scores[name].isel(epoch=place).values
        return rows


@dataclass(frozen=True, eq=False)
class Answers:
    """The predictions of each network of an ensemble, or of each random state of a baseline."""

    axis: Axis
    predictions: np.ndarray  # (network, epoch, example) labels.
    seeds: np.ndarray  # (network,) ascending.
    epoch: np.ndarray  # (epoch,) the number of each epoch.
    accessibility: np.ndarray | None = None  # (example,), if predictions do not determine it.

    @cached_property
    def right(self) -> np.ndarray:
        """Return whether each network is right, (network, epoch, example) bool."""
        return self.predictions == self.axis.labels.astype(self.predictions.dtype)

    @cached_property
    def by_network(self) -> np.ndarray:
        """Return the share of the trained epochs at which each network is right, (network, ...)."""
        return np.array([right[self.epoch > 0].mean(axis=0) for right in self.right])


class Counted:
    """The scores of all networks, or of a resample of them."""

    def __init__(self, answers: Answers, weights: np.ndarray | None = None):
        """Count each network ``weights`` (network,) times, by default once."""
        self.answers, self.axis = answers, answers.axis
        self.epoch = answers.epoch
        self.weights = np.ones(len(answers.seeds), int) if weights is None else weights
        self.networks = int(self.weights.sum())
        # Of the networks in even and of those in odd places, in the order of their seeds.
        odd = np.arange(len(answers.seeds)) % 2
        self.half_weights = [self.weights * (odd == half) for half in (0, 1)]

    @cached_property
    def n_right(self) -> np.ndarray:
        return self._count(self.weights)

    def n_modal(self, epochs: np.ndarray) -> np.ndarray:
        return np.stack([modes(self.predictions(epoch)).n_modal for epoch in epochs])

    def predictions(self, epoch: int) -> np.ndarray:
        """Return the labels that each network predicts after an epoch, (network, example)."""
        place = int(np.searchsorted(self.epoch, epoch))
        return np.repeat(self.answers.predictions[:, place], self.weights, axis=0)

    def disagreement(self, epochs: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return the share of pairs of networks that predict different labels, (epoch, example).

        It is N / (N - 1) (1 - sum(p_k^2)), with the share p_k of networks that predict label k. A
        network that is drawn several times is not paired with itself, since it would always agree.
        """
        chosen = np.ix_(np.searchsorted(self.epoch, epochs), places)
        predictions = np.stack([each[chosen] for each in self.answers.predictions])
        itself = (self.weights * (self.weights - 1)).sum()
        pairs = self.networks * (self.networks - 1) - itself
        if not pairs:
            return np.full(predictions.shape[1:], np.nan)
        flat = np.repeat(predictions.reshape(len(predictions), -1), self.weights, axis=0)
        return 1 - (agreeing_pairs(flat) - itself).reshape(predictions.shape[1:]) / pairs

    @cached_property
    def accessibility(self) -> np.ndarray:
        if self.answers.accessibility is not None:
            return self.answers.accessibility
        return self._accessibility(self.weights)

    @cached_property
    def halves(self) -> np.ndarray:
        return np.stack([self._accessibility(weights) for weights in self.half_weights])

    @property
    def half_sizes(self) -> np.ndarray:
        return np.sum(self.half_weights, axis=1)

    def half_n_right(self, epochs: np.ndarray) -> list[np.ndarray]:
        places = np.searchsorted(self.epoch, epochs)
        return [self._count(weights)[places] for weights in self.half_weights]

    @property
    def by_network(self) -> np.ndarray:
        return np.repeat(self.answers.by_network, self.weights, axis=0)

    def _accessibility(self, weights: np.ndarray) -> np.ndarray:
        if not weights.any():
            return np.full(len(self.axis.names), np.nan)
        return accessibility(self._count(weights), int(weights.sum()), self.epoch)

    def _count(self, weights: np.ndarray) -> np.ndarray:
        total = np.zeros(self.answers.predictions.shape[1:], count_dtype(int(weights.sum())))
        for right, weight in zip(self.answers.right, weights, strict=True):
            if weight:
                total += right * total.dtype.type(weight)
        return total


class Drawn(Counted):
    """The scores of networks drawn at random, whose predictions are drawn again when needed.

    Those of many draws would not fit in memory.
    """

    def __init__(self, draw: Callable[[], Answers]):
        self._draw = draw
        counted = Counted(draw())
        scores = {"n_right": counted.n_right, "accessibility": counted.accessibility}
        vars(self).update(vars(counted) | scores)
        del vars(self)["answers"]

    @property
    def answers(self) -> Answers:
        return self._draw()


class Scores:
    """The scores that a measure is computed from, by ensemble or baseline.

    They cover the examples that the measure has chosen and that exist. With ``resample``, a seed,
    these are drawn with replacement, the same ones for all ensembles. With ``shuffle``, a seed,
    examples are permuted within their class and split, differently for each ensemble and each half.
    """

    def __init__(
        self,
        counts: Mapping[str, Stored | Counted],
        resample: int | None = None,
        shuffle: int | None = None,
    ):
        self.counts, self.resample, self.shuffle = counts, resample, shuffle
        self._known_places: dict[tuple[str, Examples, str], np.ndarray] = {}

    def networks(self, name: str) -> int:
        return self.counts[name].networks

    def n_right(self, name: str, epochs: np.ndarray, examples: Examples) -> np.ndarray:
        """Return how many networks are right, (epoch, example) unsigned integers."""
        counts, places = self.counts[name], self._places(name, examples)
        return _take(_take(counts.n_right, np.searchsorted(counts.epoch, epochs), 0), places, 1)

    def consistency(self, name: str, epochs: np.ndarray, examples: Examples) -> np.ndarray:
        """Return the share of the networks that are right, (epoch, example) float64."""
        return self.n_right(name, epochs, examples) / self.networks(name)

    def majority(self, name: str, epoch: int, examples: Examples) -> np.ndarray:
        """Return whether more than half of the networks are right, (example,) bool."""
        return majority_right(self.n_right(name, [epoch], examples)[0], self.networks(name))

    def histograms(self, name: str, epochs: np.ndarray, examples: Examples) -> np.ndarray:
        """Return how many examples 0, 1, ... N networks are right about, (epoch, N + 1)."""
        return histograms_of(self.n_right(name, epochs, examples), self.networks(name))

    def consensus(self, name: str, epochs: np.ndarray, examples: Examples) -> np.ndarray:
        """Return the share that predicts the most frequent label, (epoch, example) float64."""
        n_modal = self.counts[name].n_modal(epochs)
        return n_modal[:, self._places(name, examples)] / self.networks(name)

    def disagreement(self, name: str, epochs: np.ndarray, examples: Examples) -> np.ndarray:
        """Return ``Counted.disagreement`` of these examples, (epoch, example) float64."""
        return self.counts[name].disagreement(epochs, self._places(name, examples))

    def accessibility(self, name: str, examples: Examples) -> np.ndarray:
        """Return the mean consistency over all trained epochs, (example,) float64."""
        return self.counts[name].accessibility[self._places(name, examples)]

    def halves(self, name: str, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Return the accessibility in every second network and in the others, each (example,)."""
        even, odd = self.counts[name].halves
        return even[self._places(name, examples)], odd[self._places(name, examples, "odd")]

    def correlation_of_halves(
        self, name: str, examples: Examples, correlation: Callable[[np.ndarray, np.ndarray], float]
    ) -> float:
        """Return the correlation of accessibility in two halves of N/2 networks each."""
        sizes = self.counts[name].half_sizes.tolist()
        return of_equal_halves(correlation(*self.halves(name, examples)), sizes)

    def half_n_right(self, name: str, epochs: np.ndarray, examples: Examples) -> list[np.ndarray]:
        """Return n_right (epoch, example) of every second network and of the others."""
        places = self._places(name, examples)
        return [n_right[:, places] for n_right in self.counts[name].half_n_right(epochs)]

    def by_network(self, name: str, examples: Examples) -> np.ndarray:
        """Return the share of trained epochs at which each network is right, (network, example)."""
        return self.counts[name].by_network[:, self._places(name, examples)]

    def predictions(self, name: str, epoch: int, examples: Examples) -> np.ndarray:
        """Return the labels that each network predicts after an epoch, (network, example)."""
        return self.counts[name].predictions(epoch)[:, self._places(name, examples)]

    def right(self, name: str, epoch: int, examples: Examples) -> np.ndarray:
        """Return whether each network is right after an epoch, (network, example) bool."""
        return self.predictions(name, epoch, examples) == self.labels(name, examples)

    def labels(self, name: str, examples: Examples) -> np.ndarray:
        # Examples only change places with others of their class.
        return self.counts[name].axis.labels[self._places(name, examples)]

    def _places(self, name: str, examples: Examples, half: str = "") -> np.ndarray:
        key = name, examples, half
        if key not in self._known_places:
            axis = self.counts[name].axis
            places = axis.places(examples)
            if self.shuffle is not None:
                seed = crc32(f"{name}{half}".encode()), self.shuffle
                places = axis.permuted(np.random.default_rng(seed))[places]
            if self.resample is not None:
                generator = np.random.default_rng(self.resample)
                places = places[generator.integers(len(places), size=len(places))]
            self._known_places[key] = places
        return self._known_places[key]


def read_answers(
    name: str, paths: Sequence[Path], scores: xr.Dataset, among: np.ndarray
) -> Answers:
    """Return the predictions of an ensemble's networks for the examples with the names ``among``.

    The scores were made from the files at ``paths``, which may have further epochs; the ensemble's
    name is for error messages.

    Raises:
        InputError: a file is missing, damaged, or not the one the scores were made from.
    """
    axis, seeds = Axis(scores, among), scores["network"].values
    # In blocks, because one network's predictions of all examples may be larger than the result.
    blocks = []
    for start in range(0, scores.sizes["example"], EXAMPLES_AT_ONCE):
        block = slice(start, start + EXAMPLES_AT_ONCE)
        is_inside = (axis.of_scores >= block.start) & (axis.of_scores < block.stop)
        blocks.append((block, np.flatnonzero(is_inside)))
    predictions, found = None, set()
    for path in paths:
        with open_predictions(path) as contents:
            has_epochs = scores["epoch"].isin(contents["epoch"]).all()
            epochs = np.searchsorted(contents["epoch"].values, scores["epoch"].values)
            in_file = contents["network"].values
            rows = np.flatnonzero(np.isin(in_file, seeds))
            if not (belong_to(contents, scores) and has_epochs and rows.size):
                raise InputError(
                    f"{path} does not belong to the scores of {name} (its definition, networks, "
                    f"epochs or examples differ); {REBUILD}."
                )
            if predictions is None:
                shape = (len(seeds), len(epochs), len(axis.names))
                predictions = np.empty(shape, contents["prediction"].dtype)
            for row in rows:
                network = predictions[np.searchsorted(seeds, in_file[row])]
                for block, columns in blocks:
                    part = contents["prediction"].isel(network=row, example=block).values
                    inside = axis.of_scores[columns] - block.start
                    network[:, columns] = part[np.ix_(epochs, inside)]
                found.add(in_file[row])
    if len(found) != len(seeds):
        raise InputError(
            f"the scores of {name} are of {len(seeds)} networks, and its predictions files "
            f"contain {len(found)} of them; {REBUILD}."
        )
    return Answers(axis, predictions, seeds, scores["epoch"].values)


def _take(counts: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Return some rows or columns, without a copy if they are consecutive."""
    if len(places) and places[-1] - places[0] == len(places) - 1 and (np.diff(places) == 1).all():
        between = slice(places[0], places[-1] + 1)
        return counts[between] if axis == 0 else counts[:, between]
    # Indexing columns would order the memory by column, and sums over it would round differently.
    return counts.take(places, axis)
