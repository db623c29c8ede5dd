"""The claims of the paper, read from claims.yaml, and the values that each accepts."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from created_equal.claims import measures  # noqa: F401 - It registers the measures.
from created_equal.claims.registry import MEASURES, Measure

# 0.48 + 0.02 in binary is less than 0.5, and a mean of 0 may be off by rounding.
ROUNDING = 1e-9
CLAIMS = Path(__file__).with_name("claims.yaml")
BEYOND = "Beyond the paper"  # How sections begin that are not about the paper, nor counted.


@dataclass(frozen=True)
class Accepted:
    """The values that agree with a claim."""

    words: str  # "0.56 ± 0.02", "at least 0.85", "above 0" (most, below), "interval around 1".
    paper: float = math.nan  # The paper's number, NaN if it gives none.

    def __contains__(self, value: float) -> bool:
        lowest, highest = self._ends()
        return lowest <= value <= highest

    def turns(self, value: float, factor: float, margin: float = 0.0) -> bool:
        """Return whether the verdict is another at a multiple of the tolerance, or of a margin."""
        lowest, highest = self._ends(factor, margin)
        return (lowest <= value <= highest) != (value in self)

    def decides(self, lower: float, upper: float) -> bool:
        """Return whether all values of an interval are accepted, or none is."""
        lowest, highest = self._ends()
        return upper < lowest or highest < lower or lowest <= lower <= upper <= highest

    def deciding(self, value: float, lower: float, upper: float) -> float:
        """Return the value that decides: of an "interval around" a number, its nearest point."""
        if not self.words.startswith("interval around"):
            return value
        return max(lower, min(float(self.words.split()[-1]), upper))

    def met_by(self, null: np.ndarray, ours: np.ndarray) -> float:
        """Return the share of the draws of a null that meet the claim too, from 0 to 1.

        ``null`` has the value of each draw, NaN if it is undefined, which does not meet the claim;
        ``ours`` has our value in each resample, NaN if it is undefined, which is left out. A draw
        meets the claim if its value is accepted; if the claim is only a sign, it does unless our
        value is beyond the draw. The shorter array is repeated.
        """
        if self.words not in ("above 0", "below 0"):
            return float(np.mean([each in self for each in null.tolist()]))
        size = max(len(null), len(ours))
        null, ours = np.resize(null, size), np.resize(ours, size)
        beyond = ours > null if self.words == "above 0" else ours < null
        met = (~beyond & ~np.isnan(null))[~np.isnan(ours)]
        return float(met.mean()) if len(met) else 1.0

    def _ends(self, factor: float = 1, margin: float = 0.0) -> tuple[float, float]:
        """Return the least and the greatest accepted value, at a multiple of the tolerance."""
        if "±" in self.words:
            center, tolerance = map(float, self.words.split("±"))
            return center - factor * tolerance - ROUNDING, center + factor * tolerance + ROUNDING
        kind, number = self.words.rsplit(maxsplit=1)
        limit, laxer = float(number), {"at least": -1, "above": -1, "at most": 1, "below": 1}
        if not math.isnan(self.paper) and self.paper != limit:
            limit = self.paper + factor * (limit - self.paper)
        else:
            limit += (factor - 1) * margin * laxer.get(kind, 0)
        return {
            "at least": (limit - ROUNDING, math.inf),
            "at most": (-math.inf, limit + ROUNDING),
            "above": (limit + 2 * ROUNDING, math.inf),
            "below": (-math.inf, limit - 2 * ROUNDING),
            "interval around": (limit - ROUNDING, limit + ROUNDING),
        }[kind]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and how it is tested; the keys of claims.yaml are in docs/claims.md."""

    id: str
    section: str
    where: str
    sentence: str
    measure: Measure
    arguments: Mapping
    roles: tuple[str, ...]  # See ``roles.names_in``; ``:*`` makes a row for each, ``:all`` one.
    accepted: Accepted
    tolerance: str  # Where the limit comes from.
    known: bool  # Whether its limit was set when the value was known, so that it decides nothing.
    networks: int | Mapping[str, int] | None  # The paper's N, or by study and ensemble.
    studies: tuple[str, ...]  # Those whose data the paper's number is about.
    elsewhere: bool  # Whether it is listed for other studies too.
    absent: bool  # Whether it says that there is no agreement, as under a null.
    chosen: bool | str  # Whether a setting was chosen to meet it; or in which study it was.
    reading_of: str  # The id of the claim of which this is another reading, or "".

    def has_number(self, study: str) -> bool:
        """Return whether the paper gives a number for a study's data."""
        return not math.isnan(self.accepted.paper) and study in self.studies

    def is_of_other_data(self, study: str) -> bool:
        """Return whether the paper gives a number, but for other data than a study's."""
        return not math.isnan(self.accepted.paper) and study not in self.studies

    def networks_of(self, study: str, names: Sequence[str]) -> int | None:
        """Return the paper's N, the smallest of these ensembles of a study; None: it gives none."""
        if not isinstance(self.networks, Mapping):
            return self.networks
        found = [self.networks.get(study, self.networks.get(f"{study}/{name}")) for name in names]
        return None if None in found else min(found, default=None)


@cache
def read_claims(path: Path = CLAIMS) -> tuple[Claim, ...]:
    """Return the claims of claims.yaml, or of another file with its keys, in their order."""
    document = _document(path)
    return tuple(
        claim
        for section, families in document["claims"].items()
        for ids, family in families.items()
        for claim in _claims_of(section, ids.split(), family, document)
    )


@cache
def paper_studies() -> frozenset[str]:
    """Return the names of the studies of the paper's data."""
    return frozenset(key.partition("/")[0] for key in _document(CLAIMS)["supplement_c"])


@cache
def _document(path: Path) -> dict:
    return yaml.safe_load(path.read_text("utf-8"))


def _claims_of(
    section: str, ids: Sequence[str], family: Mapping, document: Mapping
) -> Iterator[Claim]:
    """Yield a family's claims, one for each id; of a list of values, repeated, each has its own."""
    for place, name in enumerate(ids):
        where, _, sentence = family["says"].partition(": ")
        arguments, paper = (
            {key: of[place % len(of)] if isinstance(of, list) else of for key, of in part.items()}
            for part in (family["test"], family.get("paper", {}))
        )
        measure, roles = MEASURES[arguments.pop("measure")], arguments.pop("of").split()
        split = re.search("_(train|test)$", name)
        if split and "split" in (measure.of.__kwdefaults__ or {}):
            arguments.setdefault("split", split[1])
        words, tolerance = arguments.pop("accept").rstrip(")").split(" (")
        networks, reading = paper.get("networks", 100), paper.get("reading", "")
        yield Claim(
            id=name,
            section=section,
            where=where,
            sentence=sentence,
            measure=measure,
            arguments=arguments,
            roles=tuple(roles),
            accepted=Accepted(words, float(paper.get("value", math.nan))),
            tolerance=document["tolerances"][tolerance],
            known=tolerance == "known",
            networks=document["supplement_c"] if networks == "supplement_c" else networks,
            studies=tuple(paper.get("studies", "small_mammals").split()),
            elsewhere=paper.get("elsewhere", True),
            absent=paper.get("absent", False),
            chosen=paper.get("chosen", False),
            reading_of="" if reading == name else reading,
        )
