"""Others' logs as predictions files."""

from pathlib import Path

from created_equal.artefacts import SPLITS
from created_equal.errors import InputError
from created_equal.exchange import others_logs
from created_equal.exchange.arrays import log_of_arrays
from created_equal.exchange.cells import log_of_cells
from created_equal.exchange.log import write_log

SOURCES = ("cartography", "aum", "logits", "correctness", "table", "model_vs_human")
CELLS = {
    "cartography": others_logs.read_cartography,
    "aum": others_logs.read_aum,
    "table": others_logs.read_long_table,
    "model_vs_human": others_logs.read_model_vs_human,
}
# Unless they say so themselves; all others are of the test set.
OF_THE_TRAIN_SET = ("cartography", "aum")
LIMITS = {
    "cartography": (others_logs.DURING_TRAINING,),
    "aum": (others_logs.DURING_TRAINING,),
    "model_vs_human": ("its networks may be people, and differ in more than their seed",),
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
        source: the log's format, one of ``SOURCES``; see the functions that read them.
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
    if source not in SOURCES:
        raise InputError(f"there is no format {source}; name one of {', '.join(SOURCES)}.")
    split = split or ("train" if source in OF_THE_TRAIN_SET else "test")
    if split not in SPLITS:
        raise InputError(f"--split is {split}; give train or test.")
    if first_epoch is not None and first_epoch < 0:
        raise InputError(f"--first-epoch is {first_epoch}; give 0 or more.")
    if not path.exists():
        raise InputError(f"{path} does not exist; give the path of a log.")
    names = _names(classes)
    if first_epoch is None and source in ("cartography", "logits", "correctness"):
        first_epoch = 1
    if source not in CELLS:
        found = log_of_arrays(source, path, labels, split, names, first_epoch)
    elif labels is not None:
        raise InputError(f"--labels is for logits and correctness; {source} has labels itself.")
    else:
        cells = CELLS[source](path)
        names = names or [*map(str, range(cells.attrs.get("classes", 0)))]
        found = log_of_cells(cells, path, split, names, first_epoch, LIMITS.get(source, ()))
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
