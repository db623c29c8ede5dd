"""How the dataset of an ensemble is derived from its study's: in which steps, ranked by whom.

An ensemble's ``dataset`` entry says one of
    labels: random              labels shuffled within the train set and within the test set
    move_to_test: easiest ...   a fraction of the train set becomes test examples
    keep: hardest ...           a fraction of the train set is kept, the rest removed
and what is kept can be reached in cuts, between which an ensemble is trained anew: a round.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import pairwise

from created_equal.study.keys import DerivedEntry

KINDS = ("labels", "move_to_test", "keep")
MOST_CUTS = 200


def steps(entry: DerivedEntry) -> list[dict]:
    """Return the definition of every dataset on the way to the one that an entry describes.

    Returns:
        one definition per cut of ``keep``, each with its number as ``cut``, else a single one; with
        all defaults, but without ``ranked_by``, since each step has its own ranking.
    """
    if entry.labels:
        return [{"labels": entry.labels, "seed": entry.seed}]
    kind = "move_to_test" if entry.move_to_test else "keep"
    step = {kind: getattr(entry, kind), "fraction": entry.fraction}
    if step[kind] == "random":
        step["seed"] = entry.seed
    if kind == "move_to_test":
        return [step]
    step |= {"per_round": entry.per_round, "of": entry.of, "balanced": entry.balanced}
    return [step | {"cut": cut + 1} for cut in range(len(shares(step)))]


def shares(keep: Mapping) -> list[Fraction]:
    """Return the shares of the original train set that are left after each cut of a ``keep``.

    With the fraction f that is kept in the end, p per round, and r = 1, 2, ...: max(f, 1 - r p) of
    the original, or max(f, (1 - p)^r) where each round takes p of what is left. Numbers mean what
    they say in decimals, so that 0.29 of 100 are 29.

    Args:
        keep: an entry or a step with the key keep; without per_round there is one cut.
    """
    fraction = _exact(keep["fraction"])
    if keep.get("per_round") is None:
        return [fraction]
    per_round = _exact(keep["per_round"])
    left = [Fraction(1)]
    while left[-1] > fraction and len(left) <= MOST_CUTS + 1:
        of_rest = keep.get("of") == "rest"
        following = left[-1] * (1 - per_round) if of_rest else left[-1] - per_round
        left.append(max(fraction, following))
    return left[1:]


def sizes(step: Mapping, examples: int) -> list[int]:
    """Return the sizes of the train set: the original one, and that after each cut or the move.

    What is kept of it, and what is moved, is rounded down.

    Args:
        step: an entry or a step with the key move_to_test or keep.
        examples: of the original train set.
    """
    if "move_to_test" in step:
        return [examples, examples - int(_exact(step["fraction"]) * examples)]
    return [examples, *(int(share * examples) for share in shares(step))]


def round_name(ensemble: str, cut: int) -> str:
    """Return the name of the ensemble that is trained after a cut which is not the last."""
    return f"{ensemble}_round_{cut:02d}"


def ensemble_of_round(name: str) -> str:
    """Return the name of the ensemble on the way to which one of a ``round_name`` is trained."""
    return name.rpartition("_round_")[0]


def ranking_digest(definition: Mapping, networks: int) -> str:
    """Return what stands for an ensemble in the definition of a dataset whose examples it ranks.

    Args:
        definition: the ensemble's.
        networks: its number, as with more of them other examples may be the easiest.
    """
    ranking = {**definition, "networks": networks}
    canonical = json.dumps(ranking, sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=16).hexdigest()


def contradictions(name: str, entries: Mapping, examples: int | None, batch: int) -> Iterator[str]:
    """Yield a sentence for every two values of a dataset entry that do not go together.

    Args:
        name: of the ensemble.
        entries: the study's ensembles, right in each value by itself.
        examples: of the study's train set, if that is known.
        batch: the ensemble's batch size.
    """
    entry = entries[name].get("dataset") or {}
    where = f"ensembles.{name}.dataset"
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) > 1:
        yield f"{where} has {' and '.join(kinds)}; give each an ensemble of its own."
    if not kinds and "dataset" in entries[name]:
        yield f"{where} needs one of {', '.join(KINDS)}; add it."
    if len(kinds) != 1:
        return
    (kind,) = kinds
    yield from (f"{where}.{key} is missing; add it." for key in _missing(entry, kind))
    yield from (f"{where}.{key} {why}; leave it out." for key, why in _superfluous(entry, kind))
    if "ranked_by" in entry and entry[kind] != "random":
        yield from _contradictions_of_ranking(name, where, entries)
    if kind == "labels" or "fraction" not in entry:
        return
    yield from _contradictions_of_sizes(where, entry, examples, batch)
    if kind == "keep":
        for cut in range(1, len(shares(entry))):
            if round_name(name, cut) in entries:
                yield (
                    f"ensembles.{round_name(name, cut)} has the name of a round of {name}; rename "
                    "it."
                )


def _missing(entry: Mapping, kind: str) -> Iterator[str]:
    if kind != "labels" and "fraction" not in entry:
        yield "fraction"
    if entry[kind] != "random" and "ranked_by" not in entry:
        yield "ranked_by"
    in_rounds = kind == "keep" and entry[kind] != "random"
    if in_rounds and "per_round" not in entry and entry.keys() & {"of", "networks_per_round"}:
        yield "per_round"


def _superfluous(entry: Mapping, kind: str) -> Iterator[tuple[str, str]]:
    known = {
        "labels": {"labels", "seed"},
        "move_to_test": {"move_to_test", "fraction", "ranked_by", "seed"},
        "keep": set(entry),
    }
    for key in entry:
        if key not in known[kind]:
            yield key, f"does not go with {kind}"
        elif entry[kind] == "random" and key == "ranked_by":
            yield key, "is for the easiest and the hardest, not for random ones"
        elif entry[kind] == "random" and key in ("per_round", "of", "networks_per_round"):
            yield key, "is for rounds, which random ones need not be removed in"
        elif entry[kind] != "random" and key == "seed":
            yield key, "is for random ones only"


def _contradictions_of_ranking(name: str, where: str, entries: Mapping) -> Iterator[str]:
    ranking = entries[name]["dataset"]["ranked_by"]
    undivided = [each for each, entry in entries.items() if not entry.get("dataset")]
    remedy = (
        f"use one of {', '.join(undivided)}."
        if undivided
        else "define an ensemble without a dataset of its own."
    )
    if ranking == name:
        yield f"{where}.ranked_by is {name} itself, which comes too late; {remedy}"
    elif ranking not in entries:
        yield f"{where}.ranked_by is {ranking}, which is not among the ensembles; {remedy}"
    elif ranking not in undivided:
        yield (
            f"{where}.ranked_by is {ranking}, which is trained on a dataset of its own and does "
            f"not rank all examples of the study's; {remedy}"
        )


def _contradictions_of_sizes(
    where: str, entry: Mapping, examples: int | None, batch: int
) -> Iterator[str]:
    per_round, fraction = entry.get("per_round"), entry["fraction"]
    if per_round is not None:
        to_remove = 1 - _exact(fraction)
        if _exact(per_round) > to_remove:
            yield (
                f"{where}.per_round is {per_round}, but only {float(to_remove):g} of the train set "
                "is to be removed; make it smaller, or leave it out."
            )
        if len(shares(entry)) > MOST_CUTS:
            yield (
                f"{where}.per_round is {per_round}, which makes more than {MOST_CUTS} rounds; make "
                "it larger."
            )
            return
    if examples is not None:
        problem = problem_of_sizes(sizes(entry, examples), batch)
        if problem:
            yield f"{where}: {problem}"


def problem_of_sizes(train_sizes: Sequence[int], batch: int) -> str | None:
    """Return what is wrong with the sizes of a train set, see ``sizes``: a sentence, or None."""
    for before, after in pairwise(train_sizes):
        if before == after:
            return (
                f"of {before} train examples none would be taken; make fraction or per_round fit "
                f"the {train_sizes[0]} examples."
            )
    if train_sizes[-1] < batch:
        return (
            f"it leaves {train_sizes[-1]} train examples, fewer than one mini-batch of {batch}; "
            "change fraction, or set a smaller recipe.batch_size."
        )
    return None


def _exact(number: float) -> Fraction:
    return Fraction(str(number))
