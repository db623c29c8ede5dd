"""The registry of measures, under the names that claims.yaml and findings.yaml use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from created_equal.claims.measured import Measured
from created_equal.scores import NULLS

FEWEST = 5  # With fewer networks, c has too few values to say whether they agree.
MANY = 20  # For statistics that change with N in a way that no model predicts.
SHARE, SIGNED, NOT_NEGATIVE = (0, 1), (-1, 1), (0, inf)
INDEPENDENT, CLASSES, SHUFFLED, MEANS = NULLS
CONSISTENCY, JOINT = (INDEPENDENT, CLASSES), (CLASSES, SHUFFLED, MEANS)


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
        # There are single epochs, and phases.
        return (words[0].upper() + words[1:]).replace("mean over the ", "at the ")


MEASURES: dict[str, Measure] = {}


def measure(**known) -> Callable:
    """Enter a function in ``MEASURES``."""

    def enter(of: Callable[..., Measured]) -> Callable[..., Measured]:
        words = " ".join(of.__doc__.partition("\n\n")[0].split()).rstrip(".")
        MEASURES[of.__name__] = Measure(of, words, **known)
        return of

    return enter
