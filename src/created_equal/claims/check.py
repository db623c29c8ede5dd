"""Every claim's row: the paper's number, ours with its interval and nulls, and the verdict."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from created_equal.artefacts import has_files
from created_equal.claims.bootstrap import interval_of, value_of
from created_equal.claims.evidence import Evidence
from created_equal.claims.measures import Measured
from created_equal.claims.nulls import Nulls
from created_equal.claims.registry import CLAIMS, Accepted, Claim, below
from created_equal.claims.roles import EACH, Roles, names_in
from created_equal.errors import InputError
from created_equal.scores import independent_null

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
        lower: the lower end of its 95 % bootstrap interval.
        upper: the upper end.
        interval_over: what was resampled.
        interval_agrees: "yes" if every value in the interval leads to the same verdict, "no" if
            not, "" if there is no interval.
        independent_networks: the value of networks that err independently.
        shuffled_within_class: the value where examples of a class have changed places.
        class_means: the value of a classifier that knows only the classes' mean images; NaN where
            images stay in files, as it needs all of them at once.
        within_class: a correlation without the classes' means.
        verdict: see ``verdict_of``.
        networks: N of the smallest ensemble it rests on.
        paper_networks: the paper's N.
        epochs: on which it rests; of AdaBoost, the numbers of weak learners.
        note: why it was not measured.
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
    lower: float = NOT_A_NUMBER
    upper: float = NOT_A_NUMBER
    interval_over: str = ""
    interval_agrees: str = ""
    independent_networks: float = NOT_A_NUMBER
    shuffled_within_class: float = NOT_A_NUMBER
    class_means: float = NOT_A_NUMBER
    within_class: float = NOT_A_NUMBER
    verdict: str = "not measured"
    networks: int | None = None
    paper_networks: int | None = None
    epochs: str = ""
    note: str = ""


def check_claims(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> list[Row]:
    """Return the rows of all claims that concern a study, in the order of the registry.

    A claim whose roles the study lacks, or whose statistic cannot be computed, has a row too: it is
    "not measured", and its note says why.

    Args:
        evidence: from ``read_evidence``.
        claims: which.
    """
    nulls = Nulls(evidence)
    rows = []
    for claim in claims:
        if claim.elsewhere or evidence.study in claim.studies:
            rows += [_row(claim, *each, evidence, nulls) for each in _players(claim, evidence)]
    return rows


def verdict_of(claim: Claim, study: str, value: float, networks: int, accepted: Accepted) -> str:
    """Return the verdict on a claim that was measured.

    Args:
        claim: which.
        study: on whose data.
        value: of its statistic.
        networks: N of the smallest ensemble.
        accepted: the values that bear the claim out.

    Returns:
        "direction only: holds" or "... does not hold", where the paper gives no number, or none for
        this data set; else "too few networks: would be met" or "... would not be met", where there
        are fewer than the paper's; else "reproduced" or "not reproduced"; and "not measured" for a
        value that is not a number.
    """
    if math.isnan(value):
        return "not measured"
    met = value in accepted
    if claim.paper is None or study not in claim.studies:
        return f"direction only: {'holds' if met else 'does not hold'}"
    if claim.networks is not None and networks < claim.networks:
        return f"too few networks: would {'' if met else 'not '}be met"
    return "reproduced" if met else "not reproduced"


def interval_agrees(lower: float, upper: float, accepted: Accepted) -> str:
    """Return "yes" if all values from lower to upper are accepted or none is, else "no".

    "" for an interval of NaN.
    """
    if math.isnan(lower + upper):
        return ""
    inside = lower in accepted and upper in accepted
    outside = upper < accepted.lowest or lower > accepted.highest
    return "yes" if inside or outside else "no"


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
    claim: Claim, identifier: str, names: tuple[str, ...], evidence: Evidence, nulls: Nulls
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
        "paper_networks": claim.networks,
    }
    words = claim.accepted.words if claim.accepted else "below 2 - 2/N"
    if not names:
        note = f"the study has no {_missing(claim, evidence.roles)}."
        return Row(**known, tolerance=words, note=note)
    try:
        measured = claim.measure(evidence, *names)
    except InputError as error:
        return Row(**known, tolerance=words, note=str(error))
    accepted = claim.accepted or below(independent_null(measured.networks))
    value = value_of(measured.statistic, measured.units)
    lower, upper = interval_of(measured.statistic, measured.units, measured.replicates)
    return Row(
        **known,
        tolerance=accepted.words,
        value=value,
        lower=lower,
        upper=upper,
        interval_over=measured.over,
        interval_agrees=interval_agrees(lower, upper, accepted),
        **{kind: _under(kind, claim, names, nulls) for kind in claim.nulls},
        within_class=measured.within_class,
        verdict=verdict_of(claim, evidence.study, value, measured.networks, accepted),
        networks=measured.networks,
        epochs=measured.epochs,
        note="the statistic is undefined here: a group has no examples, or nothing varies."
        if math.isnan(value)
        else "",
    )


def _under(kind: str, claim: Claim, names: tuple[str, ...], nulls: Nulls) -> float:
    if kind == "class_means" and has_files(nulls.evidence.dataset):
        return NOT_A_NUMBER
    measured: Measured = claim.measure(nulls.under(kind, names), *names)
    return value_of(measured.statistic, measured.units)


def _missing(claim: Claim, roles: Roles) -> str:
    missing = (role for role in claim.roles if not names_in(role, roles))
    return " and no ".join(role.replace(f":{EACH}", "").replace(":", ", ") for role in missing)
