"""Others' logs in one form: predictions, and what the log cannot give."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts import make_examples, make_predictions_without_loss, write_predictions
from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.exchange.new_folder import new_folder

PREDICTIONS_IN_A_FILE = 2**26

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Log:
    """The predictions of an ensemble's networks, from whatever source.

    Attributes:
        predictions: (network, epoch, example) integers in 0..K-1.
        labels: (example,) integers in 0..K-1.
        class_names: K names.
        epochs: (epoch,) ascending; 0 is the untrained network.
        is_test: (example,) bool.
        networks: (network,) their numbers, ascending.
        examples: (example,) positions or other whole numbers, each once.
        example_names: what the source calls them, if not by numbers.
        cannot_give: sentences that say what the source does not know.
        correctness_only: whether predictions only say if a network is right, as some other label
            stands for all that are wrong.
    """

    predictions: np.ndarray
    labels: np.ndarray
    class_names: Sequence[str]
    epochs: np.ndarray
    is_test: np.ndarray
    networks: np.ndarray
    examples: np.ndarray
    example_names: Sequence[str] = ()
    cannot_give: Sequence[str] = ()
    correctness_only: bool = False


def write_log(found: Log, source: str, path: Path, folder: Path) -> None:
    """Write a log as predictions files into a new folder, and warn of what it cannot give.

    Its format, ``source``, and the name of ``path``, where it is from, are in the definition. It
    raises as ``new_folder``, and InputError if there is only one class.
    """
    n_networks, n_epochs, n_examples = found.predictions.shape
    if len(found.class_names) < 2:
        raise InputError(
            f"{path} has labels of one class only ({', '.join(found.class_names)}); give logs of "
            "at least two classes, or name all classes with --classes."
        )
    cannot_give = [*found.cannot_give, *_limits(found)]
    definition = {
        "imported": {"format": source, "from": path.name, "cannot_give": cannot_give},
        "classes": [*found.class_names],
    }
    at_once = max(1, PREDICTIONS_IN_A_FILE // (n_epochs * n_examples))
    with new_folder(folder) as unfinished:
        for start in range(0, n_networks, at_once):
            rows = slice(start, start + at_once)
            numbers = found.networks[rows]
            name = f"{numbers[0]:04d}-{numbers[-1]:04d}.nc"
            write_predictions(_predictions(found, rows, cannot_give), unfinished / name, definition)
    log.info(
        "imported %d networks, %d epochs and %d examples (%d train, %d test) of %d classes from %s",
        *(n_networks, n_epochs, n_examples, (~found.is_test).sum(), found.is_test.sum()),
        *(len(found.class_names), path),
    )
    for sentence in cannot_give:
        log.warning("%s: %s", path, sentence)


def _predictions(found: Log, rows: slice, cannot_give: Sequence[str]) -> xr.Dataset:
    examples = make_examples(found.labels, found.examples, found.is_test, found.class_names)
    made = make_predictions_without_loss(
        found.predictions[rows], found.networks[rows], examples, found.epochs
    )
    made["class_name"] = examples["class_name"]
    if len(found.example_names):
        made["example_name"] = "example", np.array([*found.example_names], dtype=object)
    only = {"correctness_only": 1} if found.correctness_only else {}
    return made.assign_attrs(cannot_give=canonical([*cannot_give]), **only)


def _limits(found: Log) -> Iterator[str]:
    """Yield what a log cannot give, as follows from its shape and from ``correctness_only``."""
    if found.correctness_only:
        yield (
            "it says only whether networks are right: consensus, modal labels, votes and "
            "disagreement are undefined, and left out"
        )
        if not found.labels.any():
            yield (
                "it has no labels, so all examples count as one class, and results within classes "
                "are those over all examples; --labels gives them"
            )
    yield "it has no loss"
    if found.epochs[0] > 0:
        yield "it has no untrained network (epoch 0)"
    if (found.epochs > 0).sum() < 2:
        yield "it has one epoch: nothing can be said of when examples are learned, or forgotten"
    if len(found.networks) < 2:
        yield "it has one network: nothing can be said of how far networks agree"
    if not found.is_test.any():
        yield "it has no test examples"
    if found.is_test.all():
        yield "it has no train examples"
