"""95 % intervals by resampling the networks of ensembles, from their predictions files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import xarray as xr

from created_equal.artefacts import HALVES, open_predictions
from created_equal.claims.measured import Measured, Taken
from created_equal.errors import InputError
from created_equal.scores import count_dtype, interval_around, resample_weights, value_of

REPLICATES = 200
SMALL = 2**26
"""An ensemble of so many predictions is kept, to be read once for several claims."""
MOST = 2**28
"""Of a statistic that needs more predictions at once, the networks are not resampled."""
SCORES_AT_ONCE = 2**25
EXAMPLES_AT_ONCE = 2**14


class TooManyPredictionsError(Exception):
    """A statistic needs more predictions at once than are kept in memory."""


class Networks:
    """What each network of the ensembles, and each random state of the baselines, predicts."""

    def __init__(self, paths: Mapping[str, Sequence[Path]], scores: Mapping[str, xr.Dataset]):
        """Remember where the predictions are; they are read when they are asked for.

        Args:
            paths: the predictions files by name, none where they were not kept.
            scores: the scores that were made from them, by name.
        """
        self.paths = paths
        self.scores = scores
        self._whole = lru_cache(maxsize=3)(self._read_whole)

    def interval_of(self, measured: Measured) -> tuple[float, float]:
        """Return the 95 % bootstrap interval of a statistic over networks.

        In each of 200 resamples every ensemble has as many networks as it has, drawn with
        replacement, each ensemble by itself; so have the random states of a baseline. Epochs and
        examples stay those that the claim was measured on.

        Returns:
            lower and upper end of ``interval_around``, always the same for the same input. NaN
            where there is but one network to resample, where predictions were not kept, where the
            statistic is undefined in all resamples, and where more than ``MOST`` predictions would
            have to be held.

        Raises:
            InputError: a predictions file is missing, damaged, or not what the scores are of.
        """
        names = {each.name for each in measured.taken}
        one = all(self.scores[name].sizes["network"] < 2 for name in names)
        if one or not all(self.paths[name] for name in names):
            return float("nan"), float("nan")
        try:
            values = zip(*map(self._resampled, measured.taken), strict=True)
            found = [value_of(measured.make(*each), measured.units) for each in values]
        except TooManyPredictionsError:
            return float("nan"), float("nan")
        value = value_of(measured.statistic(self.scores), measured.units)
        return interval_around(value, np.array(found), measured.possible)

    def _resampled(self, taken: Taken) -> Iterator[np.ndarray]:
        """Yield what ``taken.of`` returns, for each resample of its ensemble."""
        scores = self.scores[taken.name]
        networks = scores.sizes["network"]
        generator = np.random.default_rng(crc32(taken.name.encode()))
        weights = resample_weights(generator, REPLICATES, networks)
        labels = scores["label"].sel(example=taken.examples).values
        match taken.variable:
            case "n_right" | "consistency":
                counts = self._by_epoch(
                    taken,
                    weights,
                    lambda predicted: predicted == labels,
                    lambda right, drawn: drawn @ right.astype(np.float32),
                )
                each = networks if taken.variable == "consistency" else 1
                yield from (n_right / each for n_right in counts)
            case "consensus":
                counts = self._by_epoch(taken, weights, Agreeing.of, Agreeing.heaviest)
                yield from (n_modal / networks for n_modal in counts)
            case "accessibility":
                yield from weights @ self._accessibilities(taken) / networks
            case "label":
                yield from repeat(taken.of(self.scores), len(weights))
            case "accessibility_half":
                of_half = scores["network"].values % 2 == np.arange(len(HALVES))[:, None]
                accessibilities = self._accessibilities(taken)
                for drawn in weights:
                    halves = drawn * of_half
                    with np.errstate(invalid="ignore"):
                        yield halves @ accessibilities / halves.sum(axis=1, keepdims=True)

    def _by_epoch(
        self, taken: Taken, weights: np.ndarray, prepare: Callable, count: Callable
    ) -> Iterator[np.ndarray]:
        """Yield what is counted in the predictions at each epoch.

        Args:
            taken: what of them.
            weights: (replicate, network) how much each network counts.
            prepare: from the predictions (network, example) to what is counted, once an epoch.
            count: from that and some of the weights to counts (replicate, example).
        """
        predictions = self._predictions(taken)
        shape = predictions.shape[1:]
        prepared = [prepare(predictions[:, epoch]) for epoch in range(shape[0])]
        del predictions
        step = max(1, SCORES_AT_ONCE // int(np.prod(shape)))
        # Sums of at most N whole numbers: exact in float32 for every N below 2^24.
        weights = weights.astype(np.float32)
        for start in range(0, len(weights), step):
            drawn = weights[start : start + step]
            counts = np.empty((len(drawn), *shape), dtype=np.float32)
            for epoch, each in enumerate(prepared):
                counts[:, epoch] = count(each, drawn)
            for of_drawn in counts:
                yield of_drawn.astype(np.float64)

    def _predictions(self, taken: Taken) -> np.ndarray:
        """Return the predictions (network, epoch, example) that a score is made from.

        Raises:
            TooManyPredictionsError: they are more than ``MOST``.
        """
        scores = self.scores[taken.name]
        epochs = scores.get_index("epoch").get_indexer(taken.epochs)
        examples = scores.get_index("example").get_indexer(taken.examples)
        networks = scores.sizes["network"]
        if networks * scores.sizes["epoch"] * scores.sizes["example"] <= SMALL:
            return self._whole(taken.name)[:, epochs][:, :, examples]
        if networks * len(epochs) * len(examples) > MOST:
            raise TooManyPredictionsError
        return self._read(taken.name, epochs, examples)

    def _read_whole(self, name: str) -> np.ndarray:
        scores = self.scores[name]
        return self._read(name, *(np.arange(scores.sizes[axis]) for axis in ("epoch", "example")))

    def _read(self, name: str, epochs: np.ndarray, examples: np.ndarray) -> np.ndarray:
        """Return the predictions at these places of the epochs and the examples."""
        networks = self.scores[name].sizes["network"]
        values = None
        for places, columns, here in self._blocks(name, epochs, examples):
            if values is None:
                values = np.empty((networks, len(epochs), len(examples)), dtype=here.dtype)
            for place, network in zip(places, here, strict=True):
                values[place][:, columns] = network
        return values

    def _accessibilities(self, taken: Taken) -> np.ndarray:
        """Return for each network and example at how many of the epochs it is right, as a share."""
        scores = self.scores[taken.name]
        examples = scores.get_index("example").get_indexer(taken.examples)
        labels = scores["label"].values[examples]
        epochs = np.flatnonzero(scores["epoch"].values > 0)
        values = np.empty((scores.sizes["network"], len(examples)), dtype=np.float32)
        for places, columns, here in self._blocks(taken.name, epochs, examples):
            values[np.ix_(places, columns)] = (here == labels[columns]).mean(axis=1)
        return values.astype(np.float64)

    def _blocks(
        self, name: str, epochs: np.ndarray, examples: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield places of networks, which of the examples, and the predictions of those for these.

        Raises:
            InputError: a file is missing, damaged, or not what the scores are of.
        """
        scores = self.scores[name]
        numbers = scores["network"].values
        of_blocks = [
            (block, np.flatnonzero((examples >= block.start) & (examples < block.stop)))
            for block in map(_block, np.unique(examples // EXAMPLES_AT_ONCE))
        ]
        found = 0
        for path in self.paths[name]:
            with open_predictions(path) as contents:
                held = contents["network"].values
                rows = np.flatnonzero(np.isin(held, numbers))
                same = all(
                    np.array_equal(contents[axis].values, scores[axis].values)
                    for axis in ("epoch", "example", "label")
                )
                if not (same and rows.size):
                    raise InputError(
                        f"{path} is not what the scores of {name} were made from (its networks, "
                        "epochs or examples differ); run again to rebuild them."
                    )
                places = np.searchsorted(numbers, held[rows])
                found += len(places)
                for block, columns in of_blocks:
                    part = contents["prediction"].isel(epoch=epochs, example=block).values
                    yield places, columns, part[rows][..., examples[columns] - block.start]
        if found != len(numbers):
            raise InputError(
                f"the scores of {name} are of {len(numbers)} networks, and its predictions files "
                f"hold {found} of them; run again to rebuild them."
            )


def _block(number: int) -> slice:
    return slice(number * EXAMPLES_AT_ONCE, (number + 1) * EXAMPLES_AT_ONCE)


class Agreeing(NamedTuple):
    """The networks in the order of what they predict, so that those that agree are neighbours.

    Attributes:
        order: (network, example) their numbers.
        as_before: (network - 1, example) whether each predicts the same as the one before it.
    """

    order: np.ndarray
    as_before: np.ndarray

    @classmethod
    def of(cls, predictions: np.ndarray) -> "Agreeing":
        """Return that of predictions (network, example), integers."""
        order = np.argsort(predictions, axis=0, kind="stable")
        ordered = np.take_along_axis(predictions, order, axis=0)
        return cls(order.astype(count_dtype(len(order))), ordered[1:] == ordered[:-1])

    def heaviest(self, weights: np.ndarray) -> np.ndarray:
        """Return the weight of the heaviest group of networks that agree.

        Args:
            weights: (replicate, network) how much each network counts.

        Returns:
            (replicate, example) of the same type: the maximum over labels of the weight of those
            who say it.
        """
        run = weights[:, self.order[0]]
        heaviest = run.copy()
        for networks, as_before in zip(self.order[1:], self.as_before, strict=True):
            run *= as_before
            run += weights[:, networks]
            np.maximum(heaviest, run, out=heaviest)
        return heaviest
