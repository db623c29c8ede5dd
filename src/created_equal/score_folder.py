"""Scores, figures and pages of a folder of predictions files, without a study."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import reduce
from importlib import import_module
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import (
    SPLITS,
    check_one_ensemble,
    definition_of,
    has_images,
    open_artefact,
    open_dataset,
    open_predictions,
    open_scores,
    trained_with,
    write_predictions,
    write_scores,
)
from created_equal.beyond import read_findings, without_inapplicable
from created_equal.claims.check import check_claims
from created_equal.claims.claim import read_claims
from created_equal.claims.evidence import Evidence
from created_equal.claims.page import write_page, write_table
from created_equal.errors import InputError
from created_equal.exchange import about, write_tables
from created_equal.explorer import write_explorer
from created_equal.figures.saving import METADATA, save_in
from created_equal.scores import learning_warnings, score_ensemble
from created_equal.study import FIGURES, Architecture, Ensemble, Recipe, Study, roles_of

ENSEMBLE = "ensemble"
ALONE = {"ensemble": ENSEMBLE}
# Imported logs may only contain whether networks are right, not their predictions.
WITH_VOTES = (*SPLITS, "votes")
# The figures of a folder with one ensemble: their entry, and the data that each needs.
FIGURES_OF_ONE = {
    "figure_01": (ALONE, SPLITS),
    "figure_02": (ALONE, ("test",)),
    "figure_03": (ALONE, WITH_VOTES),
    "figure_04": ({"ensembles": [ENSEMBLE]}, SPLITS),
    "figure_09": (ALONE, WITH_VOTES),
    "figure_10": (ALONE, SPLITS),
    "figure_11": (ALONE, ("images",)),
    "gallery": (ALONE, ("images", "votes")),
    "metrics": (ALONE, SPLITS),
}
DATASET, SCORES = "dataset.nc", "scores.nc"
TABLES = ("examples.csv", "examples.parquet", "epochs.csv")
PAGES = CLAIMS, TABLE, EXPLORER = "claims.html", "claims.csv", "explorer.html"

log = logging.getLogger(__name__)


def score_folder(folder: Path) -> list[str]:
    """Score the networks of a folder; return a sentence for each result that cannot be made.

    The folder has predictions files of one ensemble, ``*.nc``, as the recorder and imports write
    them, and perhaps ``dataset.nc`` with their images. Results are written into it: ``scores.nc``,
    the tables of examples and epochs, the figures of one ensemble, ``claims.html`` and ``.csv``,
    and ``explorer.html``; figures and pages of an earlier call that cannot be made now are removed.
    Only epochs that all networks have are scored.

    Raises:
        InputError: the folder has no predictions files, or those of several ensembles, or the
            dataset does not match them, or another program's file would be replaced.
    """
    paths = _predictions_in(folder)
    _keep_files_of_others(folder)
    with ExitStack() as stack:
        dataset = _dataset_of(folder, paths[0], stack)
        predictions = _with_common_epochs(paths, stack)
        scored = score_ensemble(predictions)
        write_scores(scored, folder / SCORES, definition_of(scored))
        log.info("wrote %s", folder / SCORES)
        scores = stack.enter_context(open_scores(folder / SCORES))
        study = _study_of(folder, scores)
        write_tables(scores, dataset, about(scores, study.name, ENSEMBLE), folder)
        log.info("wrote %s", folder / TABLES[0])
        for warning in learning_warnings(study.name, scores):
            log.warning("%s", warning)
        left_out = list(_draw_figures(study, scores, dataset, folder))
        if reason := _reason_for_leaving_out(WITH_VOTES, scores, dataset):
            left_out.append(f"claims are left out: {reason}")
            _remove(folder, CLAIMS, TABLE)
        else:
            _check_claims(study, scores, dataset, predictions, folder)
        if reason := _reason_for_leaving_out(("votes",), scores, dataset):
            left_out.append(f"the explorer is left out: {reason}")
            _remove(folder, EXPLORER)
        else:
            path = folder / EXPLORER
            write_explorer(study, {ENSEMBLE: scores.load()}, dataset, Path(), path)
            log.info("wrote %s", path)
    return left_out


@contextmanager
def opened(folder: Path) -> Iterator[tuple[xr.Dataset, xr.Dataset]]:
    """Yield the dataset of a folder, perhaps without images, and its scores, which are open.

    Raises:
        InputError: the folder has no predictions files, or has not been scored.
    """
    paths = _predictions_in(folder)
    with ExitStack() as stack:
        scores = stack.enter_context(open_scores(folder / SCORES))
        yield _dataset_of(folder, paths[0], stack), scores


def _predictions_in(folder: Path) -> list[Path]:
    if not folder.exists():
        raise InputError(f"{folder} does not exist; correct the path.")
    paths = sorted(path for path in folder.glob("*.nc") if path.name not in (DATASET, SCORES))
    if not paths:
        raise InputError(
            f"{folder} has no predictions files (*.nc); give the folder that a recorder or an "
            "import wrote."
        )
    return paths


def _with_common_epochs(paths: list[Path], stack: ExitStack) -> list[Path]:
    """Return files of the epochs that all networks have: the same ones, or temporary copies.

    Networks have different epochs if training stops early.
    """
    opened = [stack.enter_context(open_predictions(path)) for path in paths]
    epochs = [each["epoch"].values for each in opened]
    common = reduce(np.intersect1d, epochs)
    every, fewest = reduce(np.union1d, epochs), min(map(len, epochs))
    if len(common) == len(every) or not (common > 0).any():
        return paths  # If there are none, scoring says so.
    shortest = [*map(len, epochs)].index(fewest)
    missing = np.setdiff1d(every, epochs[shortest])
    opened = [
        each.sel(epoch=common).assign_attrs(trained_with=trained_with([each])) for each in opened
    ]
    check_one_ensemble(opened, paths)
    log.warning(
        "only the %d epochs that all networks have are scored, of %d: %s lacks %d epochs, first "
        "epoch %d; to score more, record all networks at the same epochs, or move this file to "
        "another folder",
        *(len(common), len(every), paths[shortest], len(missing), missing[0]),
    )
    folder = Path(stack.enter_context(TemporaryDirectory()))
    for contents, path in zip(opened, paths, strict=True):
        write_predictions(contents.load(), folder / path.name, definition_of(contents))
    return [folder / path.name for path in paths]


def _keep_files_of_others(folder: Path) -> None:
    """Raise an error if other programs' files have names of results, for example metrics.csv.

    In a folder with scores, they are results of an earlier call.
    """
    with suppress(InputError), open_artefact(folder / SCORES, "scores"):
        return
    figures = [name for figure in FIGURES_OF_ONE for name in _files_of(figure)]
    names = [each for each in (SCORES, *TABLES, *PAGES, *figures) if (folder / each).exists()]
    if names:
        raise InputError(
            f"{folder} has no intact {SCORES} of an earlier call, and {', '.join(names)} would be "
            "replaced by results; move them to another folder, or delete them if an earlier call "
            "wrote them."
        )


def _files_of(figure: str) -> list[str]:
    """Return the names of a figure's files."""
    return [f"{figure}.{each}" for each in (*METADATA, *["csv"] * FIGURES[figure].table)]


def _remove(folder: Path, *names: str) -> None:
    """Remove results of an earlier call, which are not those of the scores now."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _dataset_of(folder: Path, predictions: Path, stack: ExitStack) -> xr.Dataset:
    """Return the folder's dataset; if it has none, only the labels and classes of predictions."""
    with open_predictions(predictions) as opened:
        classes = range(opened.attrs["classes"])
        names = opened["class_name"].values if "class_name" in opened else [*map(str, classes)]
        examples = opened[["label"]].load().assign(class_name=("class", np.array(names, object)))
        examples = examples.drop_vars(set(examples.coords) - {"example", "example_split"})
    path = folder / DATASET
    if not path.exists():
        return examples
    dataset = stack.enter_context(open_dataset(path))
    places = dataset.get_index("example").get_indexer(examples["example"].values)
    same = (
        np.array_equal(dataset[name].values[places], examples[name].values)
        for name in ("label", "example_split")
    )
    if (places < 0).any() or not all(same):
        raise InputError(
            f"{path} has other examples or labels than {predictions}; remove it, or record both "
            "with the same labels."
        )
    return dataset


def _study_of(folder: Path, scores: xr.Dataset) -> Study:
    """Return a study with one ensemble, and the figures that its number of epochs allows."""
    # The name may be in another encoding than the pages.
    name = os.fsencode(folder.resolve().name).decode(errors="replace")
    trained = int((scores["epoch"] > 0).sum())
    ensemble = Ensemble(
        study=name,
        name=ENSEMBLE,
        architecture=Architecture("recorded"),
        n_networks=scores.sizes["network"],
        recipe=Recipe(),
        dataset={},
    )
    figures = {
        figure: entry
        for figure, (entry, _) in FIGURES_OF_ONE.items()
        if trained >= FIGURES[figure].trained
    }
    return Study(name, name, {}, {ENSEMBLE: ensemble}, figures, {})


def _draw_figures(
    study: Study, scores: xr.Dataset, dataset: xr.Dataset, folder: Path
) -> Iterator[str]:
    """Save the study's figures; yield why some cannot be drawn."""
    for figure, (_, needed) in FIGURES_OF_ONE.items():
        reason = _reason_for_leaving_out(needed, scores, dataset)
        if figure not in study.figures:
            reason = f"it needs at least {FIGURES[figure].trained} epochs of training."
        if not reason:
            try:
                drawn, table = _draw(figure, study, scores, dataset)
            except InputError as error:
                reason = str(error)
        if reason:
            _remove(folder, *_files_of(figure))
            yield f"{figure} is left out: {reason}"
        else:
            save_in(folder, figure, drawn, table)
            log.info("wrote %s", folder / f"{figure}.png")


def _reason_for_leaving_out(needed: Sequence[str], scores: xr.Dataset, dataset: xr.Dataset) -> str:
    """Return which of the needed splits, votes or images is missing; "" if none is."""
    for split in needed:
        if split in SPLITS and split not in scores["example_split"].values:
            return f"there are no {split} examples."
    if "votes" in needed and "modal_label" not in scores:
        return "it shows predicted labels, but only whether the networks are right is known."
    if "images" in needed and not has_images(dataset):
        return "there are no images; give them to the recorder."
    return ""


def _draw(
    figure: str, study: Study, scores: xr.Dataset, dataset: xr.Dataset
) -> tuple[Figure, pd.DataFrame | None]:
    """Draw a figure of one ensemble, as its notebook does; return its table too."""
    module, name = import_module(f"created_equal.figures.{figure}"), study.label(ENSEMBLE)
    inputs: Mapping[str, object] = {
        "scores": scores,
        "ensembles": {name: scores},
        "dataset": dataset,
        "title": study.title,
        "ensemble": name,
    }

    def call(function: Callable) -> object:
        names = signature(function).parameters.keys() & inputs.keys()
        return function(**{each: inputs[each] for each in names})

    return call(module.draw), call(module.table) if FIGURES[figure].table else None


def _check_claims(
    study: Study, scores: xr.Dataset, dataset: xr.Dataset, paths: list[Path], folder: Path
) -> None:
    evidence = Evidence(
        study=study.name,
        data="",  # Not the paper's data, even if the folder has the name of a study.
        roles=roles_of(study),
        epochs={},
        dataset=dataset,
        scores={ENSEMBLE: scores},
        predictions={ENSEMBLE: paths},
        moved={},
    )
    # Claims about other ensembles are left out.
    rows = check_claims(evidence, [*read_claims(), *read_findings()])
    rows = [row for row in without_inapplicable(rows) if row.ensembles]
    write_page(rows, study.title, study.note, evidence.warnings(), folder / CLAIMS)
    write_table(rows, folder / TABLE)
    log.info("wrote %s", folder / CLAIMS)
