"""The public functions of the package, which take and return arrays; see docs/python.md."""

from collections.abc import Mapping, Sequence
from functools import reduce
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal import artefacts, paths
from created_equal.errors import InputError
from created_equal.exchange import example_table
from created_equal.extras import library
from created_equal.scores import score_opened

REFERENCE = paths.REPOSITORY / paths.REFERENCE
"""The folder of the scores that come with the package, see ``load_scores``."""

FIGURES = (
    *(f"figure_{number:02d}" for number in range(1, 12)),
    *("gallery", "hardest", "hexagons", "metrics", "moved_examples", "noise", "robustness"),
)
OF_LABELS = ("figure_03", "figure_09", "gallery", "hardest")
"""Figures of the labels that networks predict."""


def load_dataset(
    study: str, ensemble: str | None = None, folder: str | Path = paths.RESULTS
) -> xr.Dataset:
    """Return the dataset of a study, or the one derived for an ensemble.

    Args:
        study: the study's name.
        ensemble: an ensemble that is trained on a dataset of its own (moved examples, ...).
        folder: the folder of results.

    Returns:
        image (example, height, width, channel) uint8, label (example,), class_name (class,), and
        the coordinates example and example_split; see ``artefacts.make_dataset``.

    Raises:
        InputError: the file is missing, damaged or unreadable.
    """
    return artefacts.read_dataset(paths.dataset_path(study, ensemble, Path(folder)))


def load_predictions(study: str, ensemble: str, folder: str | Path = paths.RESULTS) -> xr.Dataset:
    """Return the predictions of an ensemble: a label for each network, epoch and example.

    Args:
        study: the study's name.
        ensemble: the ensemble's name.
        folder: the folder of results.

    Returns:
        prediction (network, epoch, example) unsigned, accuracy and loss (network, epoch, split),
        label (example,), networks sorted by seed; see ``artefacts.make_predictions``. If the
        number of networks was lowered, they include networks that the scores leave out. Of files
        with several definitions, as after a trial, those that were scored are read. Of recorded
        networks, the epochs are those that all have.

    Raises:
        InputError: there are no files, one is damaged, or they belong to different ensembles.
    """
    where = paths.predictions_folder(study, ensemble, Path(folder))
    # The recorder and imports write them next to the scores.
    of_study = sorted(where.glob("[0-9]*.nc"))
    files = of_study or sorted(where.parent.glob("[0-9]*.nc"))
    if not files:
        raise InputError(
            f"neither {where} nor {where.parent} has predictions; correct the path, or, if {study} "
            f"is a study, train some with: created-equal train_networks {study} {ensemble}"
        )
    scored = artefacts.definition_in_head(paths.scores_path(study, ensemble, Path(folder)))
    files = [
        path for path in files if (artefacts.definition_in_head(path) or scored) == scored
    ] or files
    # Two files may contain the same network, if jobs of another size wrote one of them.
    parts, seen = {}, set()
    for path in files:
        contents = artefacts.read_predictions(path)
        networks = [each for each in contents["network"].values.tolist() if each not in seen]
        if networks:
            parts[path] = contents.sel(network=networks)
            seen |= set(networks)
    common = reduce(np.intersect1d, (each["epoch"].values for each in parts.values()))
    if len(common) and not of_study:  # Recorded networks may have stopped early.
        parts = {path: each.sel(epoch=common) for path, each in parts.items()}
    artefacts.check_one_ensemble([*parts.values()], [*parts])
    return artefacts.join_predictions([*parts.values()], "network").sortby("network")


def load_scores(study: str, ensemble: str, folder: str | Path = paths.RESULTS) -> xr.Dataset:
    """Return the scores of an ensemble.

    Args:
        study: the study's name.
        ensemble: the ensemble's name.
        folder: the folder of results, or ``REFERENCE`` for the scores that come with the package.

    Returns:
        the variables of ``artefacts.read_scores``, and consistency and consensus (epoch, example)
        float64 in 0..1; without consensus if the predictions only tell whether networks are right.

    Raises:
        InputError: the file is missing, damaged or unreadable.
    """
    scores = artefacts.read_scores(paths.scores_path(study, ensemble, Path(folder)))
    return _with_fractions(scores)


def score(
    predictions: np.ndarray,
    labels: np.ndarray,
    split: str | Sequence[str] = "test",
    epochs: Sequence[int] | None = None,
    classes: int | None = None,
) -> xr.Dataset:
    """Score your own predictions.

    Args:
        predictions: (network, epoch, example) integers in 0..K-1.
        labels: (example,) integers in 0..K-1.
        split: ``"train"`` or ``"test"``, of all examples or of each (example,).
        epochs: the number of each epoch, ascending, by default 0, 1, ...; 0 is the untrained
            network.
        classes: K; by default one more than the largest label or prediction.

    Returns:
        as ``load_scores``; the examples are named by their positions, the networks by 0, 1, ...

    Raises:
        InputError: shapes do not fit, or values are not labels.
    """
    if any(map(np.ma.is_masked, (predictions, labels))):
        raise InputError(
            "predictions or labels are masked, which would count as values; leave out the examples "
            "that lack one."
        )
    try:
        predictions, labels = np.asarray(predictions), np.asarray(labels)
    except ValueError as error:
        raise InputError(
            "the lists of predictions or labels have different lengths; give a prediction of every "
            "network for every example after every epoch."
        ) from error
    if predictions.ndim != 3 or labels.shape != predictions.shape[2:] or not predictions.size:
        raise InputError(
            f"the predictions have the shape {predictions.shape} and the labels {labels.shape}; "
            "give predictions (network, epoch, example) and labels (example,)."
        )
    if texts := [each for each in (labels, predictions) if each.dtype.kind in "USO"]:
        raise InputError(
            f"{str(texts[0].flat[0])!r} is not a label; give class indices, starting at 0, in "
            "labels and predictions."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0:
        raise InputError(
            f"the labels are {labels.dtype}, the lowest is {labels.min()}; give whole numbers, "
            "starting at 0."
        )
    if not isinstance(classes, int | np.integer | None):
        raise InputError(f"classes is {classes!r}; give the number of classes.")
    if epochs is None and predictions.shape[1] == 1:
        raise InputError(
            "the predictions are of one epoch, which would count as the untrained one, 0; give "
            "the number of the epoch, as in epochs=[1]."
        )
    if epochs is not None and not np.iterable(epochs):
        raise InputError(f"epochs is {epochs!r}; give a list with the number of each epoch.")
    if classes is None:
        # Predictions that are not whole numbers are refused below.
        most = predictions.max() if predictions.dtype.kind in "iu" else 0
        classes = int(max(labels.max(), most)) + 1
    if classes > artefacts.MOST_CLASSES:
        raise InputError(
            f"there are labels up to {classes - 1:,}, but at most {artefacts.MOST_CLASSES:,} "
            "classes are possible; number the classes from 0 without gaps."
        )
    splits = np.asarray(split, dtype=str)
    if splits.shape not in ((), labels.shape):
        raise InputError(f"split has the shape {splits.shape}; give one, or one for each example.")
    splits = np.broadcast_to(splits, labels.shape)
    if unknown := sorted(set(splits.tolist()) - set(artefacts.SPLITS)):
        raise InputError(f"split has {unknown[0]!r}; give train or test.")
    if labels.max() >= classes:
        raise InputError(
            f"there is a label {labels.max()}, but classes is {classes}; give at least "
            f"{labels.max() + 1}."
        )
    dataset = xr.Dataset(
        {"label": ("example", labels.astype(np.int64))},
        coords={
            "example": np.arange(len(labels)),
            "example_split": ("example", splits),
            "class": np.arange(classes),
        },
    )
    seeds = range(len(predictions))
    epochs = None if epochs is None else [*epochs]
    made = artefacts.make_predictions_without_loss(predictions, seeds, dataset, epochs)
    made = made.assign_attrs(definition="{}", versions="{}")
    return _with_fractions(score_opened([made], ["the predictions"]))


def table(scores: xr.Dataset, dataset: xr.Dataset | None = None) -> pd.DataFrame:
    """Return scores as a table of one row per example; docs/tables.md describes each column.

    Args:
        scores: from ``load_scores`` or ``score``.
        dataset: from ``load_dataset``, for names of classes and files, and for hashes.

    Returns:
        the columns example, split, label, modal_label, consistency, consensus, accessibility,
        first_learned, forgetting, vote_entropy and others, see ``exchange.example_table``.

    Raises:
        InputError: the dataset does not have an example, or one of the two is something else.
    """
    _refuse_unless_scores(scores)
    if dataset is not None and "class_name" not in dataset:
        raise InputError(
            "the dataset has no names of classes; give what load_dataset returns, after the scores."
        )
    return example_table(scores, dataset)


def draw(figure: str, *args, on=None, **kwargs):
    """Draw a figure: ``draw("figure_01", scores, "Title", "my network")``.

    Args:
        figure: the name of its module in created_equal.figures.
        args: those of the module's function ``draw``.
        on: where to draw it: a matplotlib Figure or SubFigure, or an Axes in a grid, which the
            figure replaces; by default on a new page. The whole figure must have
            layout="constrained".
        kwargs: as ``args``.

    Returns:
        the Figure or SubFigure with the drawing.

    Raises:
        InputError: there is no such figure, it cannot be drawn, or a library is not installed.
    """
    if figure not in FIGURES:
        raise InputError(f"there is no figure {figure!r}; name one of {', '.join(FIGURES)}.")
    function = library(f"created_equal.figures.{figure}").draw
    expected = signature(function)
    try:
        given = expected.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise InputError(
            f"draw: {error}; after {figure!r}, give {', '.join(expected.parameters)}."
        ) from error
    if "scores" in given:
        _refuse_unless_scores(given["scores"])
        if figure in OF_LABELS and "modal_label" not in given["scores"]:
            raise InputError(
                f"these scores only tell whether networks are right, and {figure} needs the labels "
                "that they predict; import those."
            )
    for name in {"ensembles", "moved"} & given.keys():
        ensembles = given[name]
        if isinstance(ensembles, xr.Dataset) or not isinstance(ensembles, Mapping) or not ensembles:
            raise InputError(
                f"{name} is not a mapping of names to scores; give {{name: scores, ...}}."
            )
        for each in ensembles.values():
            _refuse_unless_scores(each)
    return function(*args, on=on, **kwargs)


def _refuse_unless_scores(scores: object) -> None:
    remedy = "give what load_scores or score returns."
    if not isinstance(scores, xr.Dataset):
        raise InputError(f"the scores are of the type {type(scores).__name__}; {remedy}")
    if "n_right" not in scores:
        raise InputError(
            f"the scores have only {', '.join(map(str, scores))}, as a dataset or predictions "
            f"have; {remedy}"
        )


def _with_fractions(scores: xr.Dataset) -> xr.Dataset:
    scores = scores.assign(consistency=artefacts.consistency(scores))
    return scores.assign(consensus=artefacts.consensus(scores)) if "n_modal" in scores else scores
