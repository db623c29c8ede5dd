"""Every claim's row: the paper's number, ours with its interval and nulls, and the verdict."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from created_equal.claims.claim import Accepted, Claim
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import Measured
from created_equal.claims.nulls import Nulls
from created_equal.claims.registry import CLAIMS
from created_equal.claims.resampling import Networks
from created_equal.errors import InputError
from created_equal.scores import interval_of, learning_problems, log10_p_of, value_of
from created_equal.study import BASELINE_PREFIX, EACH, Roles, names_in

NOT_A_NUMBER = float("nan")


@dataclass(frozen=True)
class Row:
    """A claim's line in the table of a study; a number that there is not is NaN.

    Attributes:
        id: the claim's, with the ensemble's name behind it if there is a row for each of several.
        study: whose data it is.
        section: of the paper.
        where: figure or section.
        claim: the sentence.
        statistic: what is measured.
        ensembles: what it is measured on.
        paper: the paper's number.
        tolerance: what counts as borne out, in words.
        value: ours.
        examples: of which split, or "moved".
        examples_lower: the lower end of its 95 % bootstrap interval over examples.
        examples_upper: the upper end.
        networks_lower: the lower end of its 95 % bootstrap interval over networks.
        networks_upper: the upper end.
        interval_agrees: "yes" if every value in the intervals leads to the same verdict, "no" if
            not, "" if there is no interval.
        log10_p: of a correlation, log10 of the p-value of its points, taken for independent.
        independent_networks: the value of networks that err independently.
        shuffled_within_class: the value where examples of a class have changed places.
        class_means: the value of a classifier that knows only the classes' mean images; NaN where
            the dataset does not hold the images.
        within_class: a correlation without the classes' means.
        verdict: see ``verdict_of``.
        networks: N of the smallest ensemble it rests on.
        paper_networks: the paper's N, None where it gives none.
        epochs: on which it rests; of AdaBoost, the numbers of weak learners.
        precision: in which the networks it rests on were trained; all, if they differ.
        note: why it was not measured, or that an ensemble it rests on did not learn.
    """

    id: str
    study: str
    section: str
    where: str
    claim: str
    statistic: str
    ensembles: str
    paper: float
    tolerance: str
    value: float = NOT_A_NUMBER
    examples: str = ""
    examples_lower: float = NOT_A_NUMBER
    examples_upper: float = NOT_A_NUMBER
    networks_lower: float = NOT_A_NUMBER
    networks_upper: float = NOT_A_NUMBER
    interval_agrees: str = ""
    log10_p: float = NOT_A_NUMBER
    independent_networks: float = NOT_A_NUMBER
    shuffled_within_class: float = NOT_A_NUMBER
    class_means: float = NOT_A_NUMBER
    within_class: float = NOT_A_NUMBER
    verdict: str = "not measured"
    networks: int | None = None
    paper_networks: int | None = None
    epochs: str = ""
    precision: str = ""
    note: str = ""


def check_claims(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> list[Row]:
    """Return the rows of all claims that concern a study, in the order of the registry.

    A claim whose roles the study lacks, or whose statistic cannot be computed, has a row too: it is
    "not measured", and its note says why.

    Args:
        evidence: from ``open_evidence``.
        claims: which.
    """
    numbers = _Numbers(evidence)
    rows = []
    for claim in claims:
        if claim.elsewhere or evidence.study in claim.studies:
            rows += [_row(claim, *each, evidence, numbers) for each in _players(claim, evidence)]
    return rows


def verdict_of(
    claim: Claim, study: str, value: float, networks: int, paper_networks: int | None
) -> str:
    """Return the verdict on a claim that was measured.

    Args:
        claim: which.
        study: on whose data.
        value: of its statistic.
        networks: N of the smallest ensemble.
        paper_networks: the paper's; None: it gives none.

    Returns:
        "direction only: holds" or "... does not hold", where the paper gives no number, or none for
        this data set; else "too few networks: would be met" or "... would not be met", where there
        are fewer than the paper's; else "reproduced" or "not reproduced"; and "not measured" for a
        value that is not a number.
    """
    if math.isnan(value):
        return "not measured"
    met = value in claim.accepted
    if claim.paper is None or study not in claim.studies:
        return f"direction only: {'holds' if met else 'does not hold'}"
    if paper_networks is not None and networks < paper_networks:
        return f"too few networks: would {'' if met else 'not '}be met"
    return "reproduced" if met else "not reproduced"


def intervals_agree(intervals: Sequence[tuple[float, float]], accepted: Accepted) -> str:
    """Return "yes" if all values of each interval are accepted or none is, else "no".

    Args:
        intervals: lower and upper end of each, around the same value; those of NaN do not count.
        accepted: the values that bear the claim out.

    Returns:
        "yes" or "no", and "" where no interval counts.
    """
    known = [ends for ends in intervals if not math.isnan(sum(ends))]
    if not known:
        return ""
    inside = all(lower in accepted and upper in accepted for lower, upper in known)
    outside = all(upper < accepted.lowest or lower > accepted.highest for lower, upper in known)
    return "yes" if inside or outside else "no"


class _Numbers:
    """The numbers in the rows; those of a statistic that several claims share are found once."""

    def __init__(self, evidence: Evidence):
        self.evidence = evidence
        self.nulls = Nulls(evidence)
        self.networks = Networks(evidence.predictions, evidence.scores)
        self._found = cache(self._find)
        self.problems = cache(self._problems)

    def of(self, claim: Claim, names: tuple[str, ...]) -> dict:
        """Return what a row says of what is measured on these names, by the row's attributes.

        Raises:
            InputError: it cannot be measured, or a file is not what it should be.
        """
        return self._found(claim.measure, claim.nulls, names)

    def _find(self, measure: Callable[..., Measured], kinds: Sequence[str], names: tuple) -> dict:
        measured = measure(self.evidence, *names)
        statistic, units = measured.statistic(self.evidence.scores), measured.units
        within = measured.statistic_within(self.evidence.scores)
        value = value_of(statistic, units)
        over_examples = interval_of(statistic, units, measured.replicates, measured.possible)
        # Before the networks are resampled: these may hold much of the scores.
        del statistic
        over_networks = self.networks.interval_of(measured)
        return {
            "value": value,
            "examples": measured.examples,
            "examples_lower": over_examples[0],
            "examples_upper": over_examples[1],
            "networks_lower": over_networks[0],
            "networks_upper": over_networks[1],
            "log10_p": log10_p_of(value, measured.points) if measured.points else NOT_A_NUMBER,
            **{kind: self.nulls.value(kind, measured, names) for kind in kinds},
            "within_class": value_of(within, units) if within else NOT_A_NUMBER,
            "networks": measured.networks,
            "epochs": measured.epochs,
            "precision": ", ".join(self._precisions_of(names)),
        }

    def _problems(self, name: str) -> list[str]:
        """Return what is wrong with how an ensemble learned, in sentences."""
        if name.startswith(BASELINE_PREFIX):
            return []
        return [
            f"{name} {each.sentence}." for each in learning_problems(self.evidence.scores[name])
        ]

    def _precisions_of(self, names: Sequence[str]) -> list[str]:
        """Return the precisions of some ensembles' networks; classifiers have none."""
        scores = [self.evidence.scores[name].coords for name in names]
        found = (each["precision"].values.tolist() for each in scores if "precision" in each)
        return sorted(set(chain.from_iterable(found)))


def _players(claim: Claim, evidence: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the row's id and the names that play the claim's roles; none where one is missing."""
    groups = [names_in(role, evidence.roles) for role in claim.roles]
    if not all(groups):
        yield claim.id, ()
        return
    several = any(role.endswith(f":{EACH}") for role in claim.roles)
    for name in groups[-1]:
        names = (*(group[0] for group in groups[:-1]), name)
        yield (f"{claim.id}:{name.rpartition('/')[2]}" if several else claim.id), names


def _row(
    claim: Claim, identifier: str, names: tuple[str, ...], evidence: Evidence, numbers: _Numbers
) -> Row:
    known = {
        "id": identifier,
        "study": evidence.study,
        "section": claim.section,
        "where": claim.where,
        "claim": claim.sentence,
        "statistic": claim.statistic,
        "ensembles": ", ".join(names),
        "paper": NOT_A_NUMBER if claim.paper is None else claim.paper,
        "paper_networks": claim.networks_of(evidence.study, names),
        "tolerance": claim.accepted.words,
    }
    if not names:
        whose = "the study, with the scores that are kept," if evidence.kept else "the study"
        note = f"{whose} has no {_missing(claim, evidence.roles)}."
        return Row(**known, note=note)
    try:
        found = numbers.of(claim, names)
    except InputError as error:
        return Row(**known, note=str(error))
    value, networks = found["value"], found["networks"]
    intervals = [
        (found[f"{over}_lower"], found[f"{over}_upper"]) for over in ("examples", "networks")
    ]
    undefined = "the statistic is undefined here: a group has no examples, or nothing varies."
    notes = [undefined] if math.isnan(value) else []
    notes += chain.from_iterable(map(numbers.problems, names))
    return Row(
        **known,
        **found,
        interval_agrees=intervals_agree(intervals, claim.accepted),
        verdict=verdict_of(claim, evidence.study, value, networks, known["paper_networks"]),
        note=" ".join(notes),
    )


def _missing(claim: Claim, roles: Roles) -> str:
    missing = (role for role in claim.roles if not names_in(role, roles))
    return " and no ".join(role.replace(f":{EACH}", "").replace(":", ", ") for role in missing)
