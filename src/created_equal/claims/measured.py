"""A statistic of scores that can be computed again on others: on a null's, or on a resample's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import xarray as xr

from created_equal.artefacts import COUNT_OF, select_examples
from created_equal.scores import REPLICATES, Statistic


@dataclass(frozen=True, eq=False)
class Taken:
    """One variable of the scores of an ensemble or a baseline: at which epochs, of which examples.

    Attributes:
        name: the ensemble's or baseline's.
        examples: (example,) names.
        epochs: (epoch,) on which it rests, though a variable like accessibility has no such axis.
        variable: of the scores, or ``"consistency"`` or ``"consensus"``.
    """

    name: str
    examples: np.ndarray
    epochs: np.ndarray
    variable: str = "consistency"

    def of(self, scores: Mapping[str, xr.Dataset]) -> np.ndarray:
        """Return its values, (epoch, example), (half, example) or (example,) float64."""
        stored = scores[self.name][COUNT_OF.get(self.variable, self.variable)]
        if "epoch" in stored.dims:
            return select_examples(scores[self.name], self.variable, self.epochs, self.examples)
        values = stored.sel(example=self.examples)
        return values.transpose(..., "example").values.astype(np.float64)


@dataclass(frozen=True)
class Measured:
    """A statistic of what is taken of the scores, and what it rests on.

    Attributes:
        taken: of the scores; the units of the statistic are the examples of the first, or the
            points that are made of them.
        make: from the values of what is taken, in the same order, to the statistic of the units;
            it knows nothing of these but the values.
        examples: which, for example ``"test"``.
        networks: in the smallest ensemble that it rests on.
        epochs: in words, for example ``"1 to 5, 8"``.
        possible: the least and the greatest value that the statistic can have.
        within: like ``make``, of values without the classes' means; None where that is nothing.
        points: how many points the statistic is Pearson's correlation of; None: it is another.
        replicates: of the bootstrap over examples.
    """

    taken: tuple[Taken, ...]
    make: Callable[..., Statistic]
    examples: str
    networks: int
    epochs: str
    possible: tuple[float, float] = (-inf, inf)
    within: Callable[..., Statistic] | None = None
    points: int | None = None
    replicates: int = REPLICATES

    @property
    def units(self) -> int:
        """Return how many units a resample is of."""
        examples = len(self.taken[0].examples)
        return min(self.points or examples, examples)

    def among(self, examples: np.ndarray) -> "Measured":
        """Return the same of those examples alone that are among these names (example,)."""
        taken = (
            replace(each, examples=each.examples[np.isin(each.examples, examples)])
            for each in self.taken
        )
        return replace(self, taken=tuple(taken))

    def statistic(self, scores: Mapping[str, xr.Dataset]) -> Statistic:
        """Return the statistic in these scores, which need not be those that were observed."""
        return self.make(*self._values(scores))

    def statistic_within(self, scores: Mapping[str, xr.Dataset]) -> Statistic | None:
        """Return it without the classes' means; None where that is nothing."""
        return self.within and self.within(*self._values(scores))

    def _values(self, scores: Mapping[str, xr.Dataset]) -> list[np.ndarray]:
        return [each.of(scores) for each in self.taken]
