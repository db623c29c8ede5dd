"""The rows of the table of claims: the paper's number, ours with its nulls, and the verdict."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import pandas as pd

from created_equal import scores as stats
from created_equal.claims.claim import Claim, paper_studies
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import Measured
from created_equal.errors import InputError
from created_equal.scores import NULLS, Hypotheses, Scores
from created_equal.study import ALL, BASELINE_PREFIX, EACH, names_in

REPLICATES = 200
LEVEL = 0.025
"""The largest share of a null's draws that may meet a claim which holds beyond that null."""
PAPER_NETWORKS = 100
TURNS = {"1/2": 0.5, "2": 2.0}
MARGIN = 2  # The tolerance, in standard deviations of our value, of limits that state none.
CONCLUSIONS = dict.fromkeys(("reproduced", "holds"), "verified")
CONCLUSIONS |= dict.fromkeys(("not reproduced", "does not hold"), "falsified")
NAN = math.nan


@dataclass(frozen=True)
class Row:
    """A claim's row in the table of a study; missing numbers are NaN. See docs/claims.md."""

    id: str  # The claim's, followed by the ensemble's name if there is a row for each of several.
    study: str
    section: str
    where: str
    claim: str
    statistic: str
    ensembles: str
    paper: float
    accepted: str
    tolerance: str  # Where the limit comes from.
    paper_data: str = ""  # "other" if the paper's number is about other data.
    value: float = NAN
    examples: str = ""
    lower: float = NAN  # Of the 95 % bootstrap interval.
    upper: float = NAN
    interval_over: str = ""  # Examples, and networks if they are enough.
    deviation: float = NAN  # The standard deviation of the value in the resamples.
    stable: str = ""  # "yes" if the whole interval has this verdict; "" if it lacks networks.
    expected: float = NAN  # At the paper's number of networks, if ours is smaller.
    by_networks: str = ""  # The values of smaller ensembles.
    free_of_networks: str = ""  # What does not depend on the number of networks.
    log10_p: float = NAN  # Of Pearson's r, if points were independent.
    spearman: float = NAN
    corrected: float = NAN  # The correlation without the noise of finitely many networks.
    within_class: float = NAN
    spearman_within_class: float = NAN
    independent_networks: float = NAN
    classes_kept: float = NAN
    shuffled_within_class: float = NAN
    class_means: float = NAN
    also_under: str = ""  # The nulls that meet the claim too.
    shares_under: str = ""  # The share of the draws of each null that do.
    verdict: str = "not measured"
    conclusion: str = "inconclusive"
    chosen: str = ""  # "yes" if a setting was chosen to meet it.
    turns_at: str = ""  # The multiples of the tolerance at which the verdict is another.
    by_chance: float = NAN  # The share of resamples with another verdict.
    reading_of: str = ""  # The row that is counted in its place: another reading, or the same test.
    networks: int | None = None
    fewest_networks: int | None = None  # With which the statistic says something.
    paper_networks: int | None = None
    epochs: str = ""
    precision: str = ""
    note: str = ""


class Case(NamedTuple):
    """A claim, and the ensembles that have its roles in a study; none if one is missing."""

    claim: Claim
    id: str
    names: tuple[str, ...]
    paper_networks: int | None

    @property
    def key(self) -> tuple:
        """What is measured; several claims may share it."""
        of = self.claim.measure.of
        return self.names, of, *sorted(self.claim.arguments.items()), self.paper_networks


def check_claims(evidence: Evidence, claims: Sequence[Claim]) -> list[Row]:
    """Return the rows of the claims about a study, in their order.

    A claim has a row too if the study lacks its roles, or its statistic cannot be computed: it is
    "not measured", and its note says why.
    """
    cases = {}
    for claim in claims:
        if claim.elsewhere or evidence.data in claim.studies:
            for name, names in _players(claim, evidence):
                case = Case(claim, name, names, claim.networks_of(evidence.data, names))
                # What one sentence says of an ensemble is tested once.
                cases.setdefault((claim.sentence, case.key) if names else case.id, case)
    parts = evidence.scores, evidence.predictions, evidence.dataset, evidence.moved.values()
    hypotheses, found = Hypotheses(*parts), {}
    # By ensemble, so that its predictions are read less often.
    by_names = sorted((case for case in cases.values() if case.names), key=attrgetter("names"))
    for names, of_names in groupby(by_names, attrgetter("names")):
        by_key = {case.key: case for case in of_names}
        found |= _numbers_by_key(evidence, hypotheses, names, by_key)
    return _counted_once([_row(case, evidence, found.get(case.key)) for case in cases.values()])


def _counted_once(rows: Sequence[Row]) -> list[Row]:
    """Return rows of which each, if it is not to be counted, names the one that is in its place.

    That is the reading of a sentence that counts, if it was measured, or the first row with the
    same statistic of the same ensembles and the same limit, which tests another sentence.
    """
    measured = {row.id for row in rows if row.verdict != "not measured"}
    first, counted = {}, []
    for row in rows:
        place = row.id
        if row.reading_of in measured:
            place = row.reading_of
        elif row.id in measured:
            place = first.setdefault((row.statistic, row.ensembles, row.accepted), row.id)
        counted.append(replace(row, reading_of=place if place != row.id else ""))
    return counted


def verdict_of(
    case: Case, data: str, value: float, networks: int, expected: float, also_under: Sequence[str]
) -> str:
    """Return the verdict on a value that was measured on a study's data, see docs/claims.md.

    The number of networks comes first: with fewer than the statistic needs, or fewer than the paper
    has if the value expected at its number decides otherwise, nothing is confirmed or refuted.
    """
    claim = case.claim
    if networks < claim.measure.fewest:
        return "too few networks"
    if math.isnan(value):
        return "not measured"
    met, has_number = value in claim.accepted, claim.has_number(data)
    at_paper = met if math.isnan(expected) else expected in claim.accepted
    if at_paper != met or (has_number and networks < (case.paper_networks or 0)):
        return f"too few networks: would {'' if at_paper else 'not '}be met"
    if not met:
        return "not reproduced" if has_number else "does not hold"
    if claim.chosen in (True, data):
        return "met by choice"
    verdict = "reproduced" if has_number else "holds"
    return f"{verdict}, and under a null too" if also_under and not claim.absent else verdict


def conclusion_of(
    claim: Claim, data: str, verdict: str, stable: str, as_planned: bool = True
) -> str:
    """Return a verdict in the words of the reproducibility community, see docs/claims.md.

    It is inconclusive if networks are not trained as the study of this data plans it.
    """
    if data not in paper_studies():
        undecided = verdict == "not measured" or verdict.startswith("too few networks")
        return "inconclusive" if undecided else "toy"
    is_tested = as_planned and not claim.known and not claim.is_of_other_data(data)
    decides = stable == "yes" and is_tested
    return CONCLUSIONS.get(verdict, "inconclusive") if decides else "inconclusive"


def _numbers_by_key(
    evidence: Evidence, hypotheses: Hypotheses, names: tuple[str, ...], cases: Mapping[tuple, Case]
) -> dict[tuple, dict]:
    """Return the numbers of cases of the same ensembles, which share their resamples."""
    found, measured = {}, {}
    for key, case in cases.items():
        try:
            if case.claim.measure.by_network:
                hypotheses.check_answers(names)
            measured[key] = case.claim.measure.of(evidence, *names, **case.claim.arguments)
        except InputError as error:
            found[key] = {"note": str(error)}
    replicates = {key: [] for key in measured}
    draws = {
        null: {key: [] for key in measured if null in cases[key].claim.measure.nulls}
        for null in NULLS
        if hypotheses.can_be_drawn(null, names)
    }
    # With class means in place of an ensemble, on the images of each resample.
    means = draws.pop("class_means", {})
    for scores in hypotheses.resamples(names, REPLICATES if measured else 0):
        _append_values(replicates, measured, scores)
        if means:
            _append_values(means, measured, hypotheses.with_class_means(names, scores))
    for null, values in draws.items():
        for scores in hypotheses.draws(null, names) if values else ():
            _append_values(values, measured, scores)
    for key, of in measured.items():
        found[key] = _numbers(hypotheses, cases[key], of, np.array(replicates[key]))
        found[key]["draws"] = {
            null: np.array(values[key]) for null, values in draws.items() if key in values
        }
        if key in means:
            value = float(of.value(hypotheses.with_class_means(names)))
            found[key]["draws"]["class_means"] = stats.around(value, np.array(means[key]))
    return found


def _numbers(
    hypotheses: Hypotheses, case: Case, measured: Measured, replicates: np.ndarray
) -> dict:
    names, measure = case.names, case.claim.measure
    resampled = hypotheses.resamples_networks(names)
    if measured.over == "networks" and not resampled:
        replicates = np.full_like(replicates, NAN)  # Nothing was drawn.
    observed = hypotheses.observed(names, measure.by_network)
    value = float(measured.value(observed))
    ensembles = [name for name in names if not name.startswith(BASELINE_PREFIX)] or names
    lower, upper = stats.interval_around(value, replicates, measure.possible)
    paper = PAPER_NETWORKS if case.claim.networks is not None else None
    # Classifiers have no precision.
    known = (hypotheses.scores[name].coords.get("precision", []) for name in names)
    return {
        "value": value,
        "examples": measured.examples.words,
        "lower": lower,
        "upper": upper,
        "interval_over": measured.over if resampled else "examples",
        "around_value": stats.around(value, replicates),
        "note": measured.note(observed),
        **measured.of_networks(observed, case.paper_networks or paper),
        "networks": min(map(hypotheses.networks, ensembles)),
        "epochs": _epochs(hypotheses, measured.epochs),
        "precision": ", ".join(sorted({str(each) for of in known for each in np.asarray(of)})),
    }


def _epochs(hypotheses: Hypotheses, epochs: Mapping[str, np.ndarray]) -> str:
    """Return epochs in words, by name where they differ; a classifier fitted once has none."""
    words = {
        name: epochs_in_words(np.unique(of))
        for name, of in epochs.items()
        if hypotheses.scores[name].sizes["epoch"] > 1
    }
    if len(set(words.values())) < 2:
        return next(iter(words.values()), "")
    return "; ".join(f"{name.removeprefix(BASELINE_PREFIX)} {of}" for name, of in words.items())


def _append_values(
    values: Mapping[tuple, list[float]], measured: Mapping[tuple, Measured], scores: Scores
) -> None:
    for key, of_key in values.items():
        of_key.append(measured[key].value(scores))


def epochs_in_words(epochs: Sequence[int]) -> str:
    """Return epochs in rising order as runs: ``"1 to 5, 8, 10 to 12"``."""
    runs = [
        [epoch for _, epoch in run]
        for _, run in groupby(enumerate(map(int, epochs)), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _players(claim: Claim, evidence: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a row's id and the names of its roles; none if a role (``:all``: each) is missing.

    A claim about all ensembles is about those that have enough networks for its statistic, if any.
    """
    groups = [names_in(role, evidence.roles) for role in claim.roles]
    if any(role.endswith(f":{ALL}") for role in claim.roles):
        names = tuple(dict.fromkeys(chain.from_iterable(groups)))
        sizes = {name: evidence.scores[name].sizes["network"] for name in names}
        enough = tuple(name for name in names if sizes[name] >= claim.measure.fewest)
        yield claim.id, enough or names
    elif not all(groups):
        yield claim.id, ()
    else:
        several = any(role.endswith(f":{EACH}") for role in claim.roles)
        for name in groups[-1]:
            names = (*(group[0] for group in groups[:-1]), name)
            # An ensemble is not compared with itself.
            if len(set(names)) == len(names):
                yield f"{claim.id}:{name.rpartition('/')[2]}" if several else claim.id, names


def _row(case: Case, evidence: Evidence, found: dict | None) -> Row:
    claim = case.claim
    known = {
        **{key: getattr(claim, key) for key in ("section", "where", "tolerance", "reading_of")},
        "id": case.id,
        "study": evidence.study,
        "claim": claim.sentence,
        "statistic": claim.measure.statistic(claim.arguments),
        "ensembles": ", ".join(case.names),
        "paper": claim.accepted.paper,
        "accepted": claim.accepted.words,
        "paper_data": "other" if claim.is_of_other_data(evidence.data) else "",
        "paper_networks": case.paper_networks,
        "fewest_networks": claim.measure.fewest,
        "chosen": "yes" if claim.chosen in (True, evidence.data) else "",
    }
    if found is None:
        whose = "the study, with the scores that are kept," if evidence.kept else "the study"
        missing = (role for role in claim.roles if not names_in(role, evidence.roles))
        words = " and no ".join(role.split(f":{EACH}")[0].replace(":", ", ") for role in missing)
        return Row(**known, note=f"{whose} has no {words}.")
    if "value" not in found:
        return Row(**known, **found)
    return Row(**known, **_judged(case, evidence, found))


def _judged(case: Case, evidence: Evidence, found: dict) -> dict:
    """Return the numbers that were found, and what they decide."""
    claim, accepted = case.claim, case.claim.accepted
    found = {**found}
    value, around_value, draws = found["value"], found.pop("around_value"), found.pop("draws")
    interval = found["lower"], found["upper"]
    expected = float(np.clip(found.get("expected", NAN), *claim.measure.possible))
    deciding = accepted.deciding(value, *interval)
    against = draws if deciding in accepted else {}
    shares = {null: accepted.met_by(of, around_value) for null, of in against.items()}
    also_under = [null for null, share in shares.items() if share > LEVEL]
    # An ensemble whose examples a smaller one ranked depends on that one; the paper's are as large.
    ranked_by = (evidence.ranked.get(name, math.inf) for name in case.names)
    networks = min([found["networks"], *ranked_by])
    counted = networks if claim.has_number(evidence.data) else found["networks"]
    verdict = verdict_of(case, evidence.data, deciding, counted, expected, also_under)
    stable = _is_stable(case, found)
    as_planned = evidence.trained_otherwise.isdisjoint(case.names)
    drawn = around_value[~np.isnan(around_value)]
    deviation = float(np.std(drawn)) if len(drawn) else NAN
    margin = MARGIN * np.nan_to_num(deviation)
    turns = [words for words, by in TURNS.items() if accepted.turns(value, by, margin)]
    others = [(each in accepted) != (value in accepted) for each in drawn.tolist()]
    return {
        **found,
        **{null: pd.Series(of).median() for null, of in draws.items()},
        "networks": networks,
        "expected": expected,
        "deviation": deviation,
        "by_chance": float(np.mean(others)) if others else NAN,
        "stable": stable,
        "also_under": ", ".join(also_under),
        "shares_under": ", ".join(f"{null} {share:.1%}" for null, share in shares.items() if share),
        "verdict": verdict,
        "conclusion": conclusion_of(claim, evidence.data, verdict, stable, as_planned),
        "turns_at": ", ".join(turns),
        "note": " ".join(_notes(case, evidence, found)),
    }


def _is_stable(case: Case, found: dict) -> str:
    """Return whether the whole interval has the same verdict; "" if it is not one of networks."""
    # A classifier without random states is fitted once, so its interval is complete.
    are_baselines = all(name.startswith(BASELINE_PREFIX) for name in case.names)
    is_complete = are_baselines and found["networks"] == 1
    if math.isnan(found["lower"]) or not (is_complete or "networks" in found["interval_over"]):
        return ""
    return "yes" if case.claim.accepted.decides(found["lower"], found["upper"]) else "no"


def _notes(case: Case, evidence: Evidence, found: dict) -> Iterator[str]:
    if found["note"]:
        yield found["note"]
    if math.isnan(found["value"]):
        yield "the statistic is undefined: a group has no examples, or nothing varies."
    for name in case.names:
        if name in evidence.trained_otherwise and evidence.data in paper_studies():
            yield f"{name} has other settings than {evidence.data} has, so nothing is concluded."
        if problem := evidence.problem(name):
            yield f"{name} {problem}."
