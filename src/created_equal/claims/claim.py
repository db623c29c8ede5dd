"""What a claim of the paper is, and which values bear it out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from created_equal.claims.measured import Measured

SMALL_MAMMALS = ("small_mammals",)


@dataclass(frozen=True)
class Accepted:
    """From where to where a value bears a claim out, both ends included."""

    lowest: float = -math.inf
    highest: float = math.inf
    words: str = ""

    def __contains__(self, value: float) -> bool:
        return self.lowest <= value <= self.highest


def within(number: float, tolerance: float) -> Accepted:
    """Return what is at most ``tolerance`` from the paper's number."""
    # 0.48 + 0.02 in binary is a little less than 0.5.
    ends = (number - tolerance - 1e-9, number + tolerance + 1e-9)
    return Accepted(*ends, f"{number:g} ± {tolerance:g}")


def at_least(number: float) -> Accepted:
    """Return what is not less than a number."""
    return Accepted(lowest=number, words=f"at least {number:g}")


def at_most(number: float) -> Accepted:
    """Return what is not more than a number."""
    return Accepted(highest=number, words=f"at most {number:g}")


def above(number: float) -> Accepted:
    """Return what is more than a number."""
    return Accepted(lowest=math.nextafter(number, math.inf), words=f"above {number:g}")


def below(number: float) -> Accepted:
    """Return what is less than a number."""
    return Accepted(highest=math.nextafter(number, -math.inf), words=f"below {number:g}")


@dataclass(frozen=True)
class Claim:
    """One thing that the paper says, and how it is tested.

    Attributes:
        id: its name.
        section: of the paper, under which it is listed.
        where: figure or section.
        sentence: the claim, in our words.
        statistic: what is measured, in words.
        roles: who is measured, see ``roles.names_in``; the last is what the others are compared
            with. A role with ``:*`` makes a row for each of its names.
        measure: called with the evidence and the names.
        accepted: what counts as borne out.
        nulls: the nulls beside it, see ``nulls.Nulls``.
        paper: the paper's number; None: it gives none.
        networks: the paper's N; by study, or study and ensemble, where the claim is about many;
            None: it rests on no ensemble.
        studies: those on whose data the paper's number stands; on others, and without a number on
            all, only the direction counts.
        elsewhere: whether it is listed for other studies too.
    """

    id: str
    section: str
    where: str
    sentence: str
    statistic: str
    roles: tuple[str, ...]
    measure: Callable[..., Measured]
    accepted: Accepted
    nulls: tuple[str, ...]
    paper: float | None = None
    networks: int | Mapping[str, int] | None = 100
    studies: tuple[str, ...] = SMALL_MAMMALS
    elsewhere: bool = True

    def networks_of(self, study: str, names: Sequence[str]) -> int | None:
        """Return the paper's N, of these ensembles of a study the smallest; None: it gives none."""
        if not isinstance(self.networks, Mapping):
            return self.networks
        found = [self.networks.get(study, self.networks.get(f"{study}/{name}")) for name in names]
        return None if None in found else min(found, default=None)
