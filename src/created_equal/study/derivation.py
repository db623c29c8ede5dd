"""The steps in which an ensemble's dataset is derived from its study's.

An ensemble's ``dataset`` entry has one of these keys:
    labels: random              shuffle labels within the train set and within the test set
    move_to_test: easiest ...   make a fraction of the train set test examples
    half: first                 keep half of every class, and remove the other half
    keep: hardest ...           keep a fraction of the train set and remove the rest
Examples can be removed in several cuts. After each cut but the last, an ensemble is trained to rank
the remaining examples: a round.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from created_equal.definitions import digest_of
from created_equal.study.keys import DerivedEntry

MOST_CUTS = 200


def steps(entry: DerivedEntry) -> list[dict]:
    """Return the definitions of all datasets on the way to the one that an entry describes.

    Each cut of ``keep`` is a step with its number as ``cut``, from 1; other kinds have one step.
    Defaults are included, but ``ranked_by`` is not, since each step has its own ranking.
    """
    if entry.labels:
        return [{"labels": entry.labels, "seed": entry.seed}]
    if entry.half:
        return [{"half": entry.half, "seed": entry.seed}]
    kind = "move_to_test" if entry.move_to_test else "keep"
    step = {kind: getattr(entry, kind), "fraction": entry.fraction}
    if step[kind] == "random":
        step["seed"] = entry.seed
    if kind == "move_to_test":
        return [step]
    step |= {"per_round": entry.per_round, "of": entry.of, "balanced": entry.balanced}
    return [step | {"cut": cut + 1} for cut in range(len(shares(step)))]


def shares(keep: Mapping) -> list[Fraction]:
    """Return the shares of the original train set that are left after each cut.

    With the fraction f that is kept in the end, p per round, and r = 1, 2, ...: max(f, 1 - r p) of
    the original, or max(f, (1 - p)^r) if each round removes p of the rest. Numbers are exact as
    decimals: 0.29 of 100 are 29.

    Args:
        keep: an entry or a step with the key keep; without per_round there is one cut.
    """
    fraction = exact(keep["fraction"])
    if keep.get("per_round") is None:
        return [fraction]
    per_round = exact(keep["per_round"])
    left = [Fraction(1)]
    while left[-1] > fraction and len(left) <= MOST_CUTS + 1:
        of_rest = keep.get("of") == "rest"
        following = left[-1] * (1 - per_round) if of_rest else left[-1] - per_round
        left.append(max(fraction, following))
    return left[1:]


def sizes(step: Mapping, n_examples: int) -> list[int]:
    """Return the sizes of the train set: the original one, then after each cut or the move.

    The numbers of kept and of moved examples are rounded down.

    Args:
        step: an entry or a step with the key move_to_test, half or keep.
        n_examples: size of the original train set.
    """
    if "move_to_test" in step:
        return [n_examples, n_examples - int(exact(step["fraction"]) * n_examples)]
    if "half" in step:
        return [n_examples, (n_examples + (step["half"] == "first")) // 2]
    return [n_examples, *(int(share * n_examples) for share in shares(step))]


def problem_of_sizes(train_sizes: Sequence[int], batch_size: int) -> str | None:
    """Return a sentence if a train set cannot have these ``sizes``, otherwise None."""
    for before, after in pairwise(train_sizes):
        if before == after:
            return (
                f"a step would change none of {before} train examples; raise fraction where it "
                "moves examples, per_round where it removes some."
            )
    if train_sizes[-1] < batch_size:
        return (
            f"it leaves {train_sizes[-1]} train examples, fewer than one mini-batch of "
            f"{batch_size}; change fraction, or set a smaller recipe.batch_size."
        )
    return None


def round_name(ensemble: str, cut: int) -> str:
    """Return the name of the ensemble that is trained after a cut of another ensemble's dataset."""
    return f"{ensemble}_round_{cut:02d}"


def ranking_digest(definition: Mapping, n_networks: int) -> str:
    """Return a digest that represents the ranking ensemble in the definition of a dataset.

    It includes the number of networks, because more networks may rank the examples differently.
    """
    return digest_of({**definition, "networks": n_networks}, 16)


def exact(number: float) -> Fraction:
    """Return the decimal number that a float is written as."""
    return Fraction(str(number))
