"""A baseline job: fit one classifier with all its seeds and write one predictions file."""

import logging
import time
from pathlib import Path

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from created_equal.artefacts import (
    check_definition,
    definition_of,
    fingerprint,
    make_predictions_without_loss,
    open_predictions,
    read_dataset,
    write_atomically,
    write_predictions,
)
from created_equal.baselines.classifiers import (
    N_NEIGHBORS,
    boosted_predictions,
    make_classifier,
)
from created_equal.errors import InputError
from created_equal.study import Baseline
from created_equal.versions import BASELINES_VERSION

log = logging.getLogger(__name__)


def fit_baseline(baseline: Baseline, dataset: Path, output: Path, kept: Path | None = None) -> None:
    """Fit a baseline to the train set and write its predictions of every example.

    If the file ``kept`` has the predictions of the same baseline on the same data, they are copied.
    The networks in the file are the random states 0..seeds-1. The epochs of adaboost are its
    numbers of weak learners, from 1, and the coordinate ``weak_learners`` (network) is the number
    after which boosting ended. Other baselines have the single epoch 1. All losses are NaN.

    Raises:
        InputError: the dataset or ``kept`` cannot be read; or the dataset was built for another
            definition, has fewer train examples than k_nearest_neighbours needs, or leaves adaboost
            nothing to boost.
    """
    started = time.monotonic()
    data = read_dataset(dataset)
    check_definition(dataset, definition_of(data), baseline.dataset)
    versions = {"baselines_version": BASELINES_VERSION, "data": fingerprint(data)}
    definition = baseline.definition | versions
    if kept and kept.is_file():
        with open_predictions(kept) as predictions:
            is_same = definition_of(predictions) == definition
        if is_same:
            # With the versions of the libraries that made it.
            write_atomically(output, kept.read_bytes())
            log.info("%s/%s: copied from %s", baseline.study, baseline.name, kept)
            return
    # One thread, because sums over several threads depend on the number of cores.
    with threadpool_limits(limits=1):
        predictions = predict(baseline, data)
    write_predictions(predictions, output, definition)
    _log_accuracy(baseline, predictions, time.monotonic() - started)


def predict(baseline: Baseline, data: xr.Dataset) -> xr.Dataset:
    """Fit a baseline to the train set; return its predictions, see ``make_predictions``."""
    pixels, labels = standardize_pixels(data), data["label"].values
    is_train = data["example_split"].values == "train"
    if baseline.name == "k_nearest_neighbours" and is_train.sum() < N_NEIGHBORS:
        raise InputError(
            f"{baseline.study}/{baseline.name}: the train set has {is_train.sum()} examples, fewer "
            f"than its {N_NEIGHBORS} neighbors; leave baselines.{baseline.name} out of the study."
        )
    # ``predicted`` is (network, epoch, example).
    if baseline.name == "adaboost":
        boosted, n_fitted = boosted_predictions(pixels, labels, is_train, baseline.weak_learners)
        predicted, known = boosted[None], {"weak_learners": ("network", [n_fitted])}
    else:
        fitted = (
            make_classifier(baseline.name, seed).fit(pixels[is_train], labels[is_train])
            for seed in range(baseline.seeds)
        )
        predicted, known = np.stack([[each.predict(pixels)] for each in fitted]), {}
    networks, epochs = range(len(predicted)), range(1, predicted.shape[1] + 1)
    return make_predictions_without_loss(predicted, networks, data, epochs).assign_coords(known)


def standardize_pixels(data: xr.Dataset) -> np.ndarray:
    """Return images as rows (example, pixel) float32, standardized by the train set's channels."""
    mean, std, images = (
        data[name].values.astype(np.float32) for name in ("channel_mean", "channel_std", "image")
    )
    images -= mean
    # A constant channel becomes 0.
    images /= np.where(std > 0, std, 1)
    return images.reshape(len(images), -1)


def _log_accuracy(baseline: Baseline, predictions: xr.Dataset, seconds: float) -> None:
    accuracy = predictions["accuracy"].isel(epoch=-1).sel(split="test").values
    spread = f", standard deviation {accuracy.std(ddof=1):.3f}" if len(accuracy) > 1 else ""
    title = f"{baseline.study}/{baseline.name}"
    log.info(
        "%s: %d fitted in %.1f s, test accuracy %.3f%s",
        *(title, len(accuracy), seconds, accuracy.mean(), spread),
    )
    if "weak_learners" in predictions.coords:
        n_fitted = int(predictions["weak_learners"][0])
        if n_fitted < baseline.weak_learners:
            log.info(
                "%s: boosting ended after %d of %d weak learners (the last was always right on the "
                "train set, or the next was no better than chance); larger numbers have the same "
                "predictions.",
                *(title, n_fitted, baseline.weak_learners),
            )
