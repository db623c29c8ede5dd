"""The command compare: from names on the command line to a sentence, a figure and a table."""

from collections.abc import Sequence
from pathlib import Path

from created_equal.artefacts import SPLITS, read_scores, write_atomically
from created_equal.compare.compare import Ours, compare, find_predictions, sentence, table_of
from created_equal.compare.matching import names_of
from created_equal.compare.published import FORMATS, Published, read_published
from created_equal.errors import InputError
from created_equal.figures import hexagons, saving
from created_equal.study import Study, check_networks_differ, ensemble_of, scores_path


def run_compare(
    study: Study | None,
    names: Sequence[str],
    column: str | None = None,
    key: str | None = None,
    split: str | None = None,
    out: Path | None = None,
) -> str:
    """Compare two scores, write a figure and a table, and return the result in a sentence.

    Args:
        study: the study of the ensembles; None if both names are paths.
        names: two scores. The first is one of the study's ensembles or the path of a scores file,
            the second another of these or the path of a published score.
        column: the published score's column, see ``read_published``.
        key: its column of names or positions.
        split: ``train`` or ``test``, the set that its rows are of, see ``positions_of_rows``.
        out: the figure; by default compare_OTHER.png next to the first scores, in results if they
            are a study's. The table has the same name and ends in .csv.

    Raises:
        InputError: a name is unknown, the first is a published score, both have the same
            networks, or the two do not fit.
    """
    if len(names) != 2:
        raise InputError(
            "compare takes two scores; name a study and two of its ensembles (digits st_vgg "
            "linear_st_vgg), an ensemble and a file (digits st_vgg cscores.npz), or two files."
        )
    if split not in (None, *SPLITS):
        raise InputError(f"--split is {split}; give train or test.")
    first, second = names
    if first.endswith(FORMATS):
        raise InputError(
            f"{first} is named first, but a published score comes second; name first an ensemble "
            "of a study, a scores.nc, or the folder of one."
        )
    path, shown = _place(study, first)
    ours = _read(path, shown)
    if second.endswith(".nc") or (_is_in(study, second) and "." not in second):
        if column or key or split:
            raise InputError(
                "--column, --key and --split are for a published score, but the other is an "
                "ensemble; leave them out."
            )
        if _is_in(study, first) and _is_in(study, second) and first != second:
            check_networks_differ(study, names)
        other_path, other_shown = _place(study, second)
        if path.resolve() == other_path.resolve():
            raise InputError(f"{first} is compared with itself; name two different scores.")
        other = _read(other_path, other_shown)
    else:
        other = read_published(Path(second), column, key, names_of(ours.scores))
    if out is None:
        # A study's scores may be in reference, but its figures are in results.
        results = scores_path(study.name, first) if _is_in(study, first) else path
        out = results.with_name(f"compare_{_stem(second)}.png")
    saving.format_of(out)
    if isinstance(other, Published) and out.with_suffix(".csv").resolve() == other.path.resolve():
        raise InputError(f"the table would replace {other.path}; give the figure another name.")
    comparisons = compare(ours, other, split)
    result = sentence(comparisons, ours, other)
    panels = {each.split: (each.one, each.other) for each in comparisons}
    labels = tuple(
        f"accessibility, {each.name}" if isinstance(each, Ours) else each.name
        for each in (ours, other)
    )
    title = study.title if study else ours.name
    ensembles = {each.name: each.scores for each in (ours, other) if isinstance(each, Ours)}
    saving.save_as(hexagons.draw(panels, labels, title, result, ensembles), out)
    table = table_of(comparisons).to_csv(index=False, float_format="%.6g")
    write_atomically(out.with_suffix(".csv"), table.encode())
    return f"{result.removesuffix('.')}; see {out}."


def _is_in(study: Study | None, name: str) -> bool:
    """Return whether a name on the command line is an ensemble of the study, not a path."""
    return study is not None and "/" not in name and not name.endswith(".nc")


def _place(study: Study | None, name: str) -> tuple[Path, str]:
    """Return the scores file of a name on the command line, and the name to show."""
    if _is_in(study, name):
        path = study.scores_path(ensemble_of(study, name).name)
        study.check_results([name])
        return path, study.label(name)
    return Path(name), _stem(name)


def _read(path: Path, name: str) -> Ours:
    scores = read_scores(path)
    return Ours(name, scores, find_predictions(path, scores))


def _stem(name: str) -> str:
    path = Path(name)
    # Scores of a workflow are all called scores.nc, in the folder of their ensemble.
    return path.resolve().parent.name if path.stem == "scores" else path.name.split(".")[0]
