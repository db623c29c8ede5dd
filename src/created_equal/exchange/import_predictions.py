"""Others' logs as predictions files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from created_equal.artefacts import SPLITS
from created_equal.errors import InputError
from created_equal.exchange import others_logs
from created_equal.exchange.arrays import log_of_arrays
from created_equal.exchange.cells import log_of_cells
from created_equal.exchange.log import write_log


class Format(NamedTuple):
    """How the logs of a format are read, and what holds of them unless they say so themselves."""

    read: Callable[[Path], pd.DataFrame] | None = None  # The cells; None: the log is of arrays.
    split: str = "test"
    first_epoch: int | None = None  # None: epochs keep their numbers.
    cannot_give: Sequence[str] = ()


DURING = (others_logs.DURING_TRAINING,)
PEOPLE = ("its networks may be people, and differ in more than their seed",)
FORMATS = {
    "cartography": Format(others_logs.read_cartography, "train", 1, DURING),
    "aum": Format(others_logs.read_aum, "train", None, DURING),
    "logits": Format(first_epoch=1),
    "correctness": Format(first_epoch=1),
    "table": Format(others_logs.read_long_table),
    "model_vs_human": Format(others_logs.read_model_vs_human, cannot_give=PEOPLE),
}


def import_predictions(
    source: str,
    path: Path,
    folder: Path,
    labels: Path | None = None,
    classes: str | None = None,
    split: str | None = None,
    first_epoch: int | None = None,
) -> None:
    """Write others' logs as predictions files into a new folder, for ``created-equal score``.

    What the log cannot give is logged as a warning, and saved in the files' attribute cannot_give
    (a JSON list of sentences).

    Args:
        source: the log's format, one of ``FORMATS``; see the functions that read them.
        path: the log.
        folder: a new folder.
        labels: .npy of labels, for logits and correctness.
        classes: names of the classes in order, with commas between, or their number.
        split: "train" or "test", which all examples are, unless the log says so.
        first_epoch: the number of the log's first epoch, 0 if it is the untrained network; by
            default 1, or as in a table.

    Raises:
        InputError: the log cannot be read or is incomplete, or the folder exists already.
    """
    if source not in FORMATS:
        raise InputError(f"there is no format {source}; name one of {', '.join(FORMATS)}.")
    own = FORMATS[source]
    split = split or own.split
    if split not in SPLITS:
        raise InputError(f"--split is {split}; give train or test.")
    if first_epoch is not None and first_epoch < 0:
        raise InputError(f"--first-epoch is {first_epoch}; give 0 or more.")
    if not path.exists():
        raise InputError(f"{path} does not exist; give the path of a log.")
    names = _names(classes)
    first_epoch = own.first_epoch if first_epoch is None else first_epoch
    if own.read is None:
        found = log_of_arrays(source, path, labels, split, names, first_epoch)
    elif labels is not None:
        raise InputError(f"--labels is for logits and correctness; {source} has labels itself.")
    else:
        cells = own.read(path)
        names = names or [*map(str, range(cells.attrs.get("classes", 0)))]
        found = log_of_cells(cells, path, split, names, first_epoch, own.cannot_give)
    write_log(found, source, path, folder)


def _names(classes: str | None) -> list[str]:
    if not classes:
        return []
    if classes.strip().isdecimal():
        return [*map(str, range(int(classes)))]
    names = [name.strip() for name in classes.split(",")]
    if "" in names or len({*names}) < len(names):
        raise InputError(
            f"--classes has an empty name, or one twice ({classes}); name each class once, with "
            "commas between."
        )
    return names
