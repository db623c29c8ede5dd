"""A baseline job: one classifier with all its random states, into one predictions file."""

import logging
import time
from pathlib import Path

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from created_equal.artefacts import (
    SPLITS,
    fingerprint,
    make_predictions,
    read_dataset,
    write_predictions,
)
from created_equal.baselines.adaboost import boosted_predictions
from created_equal.baselines.classifiers import NEIGHBOURS, make_classifier
from created_equal.baselines.pixels import standardised_pixels
from created_equal.errors import InputError
from created_equal.study import Baseline
from created_equal.versions import BASELINES_VERSION

log = logging.getLogger(__name__)


def fit_baseline(baseline: Baseline, dataset: Path, output: Path) -> None:
    """Fit a baseline to the train set and write its predictions of every example.

    The networks of the file are the random states 0..seeds-1. The epochs of adaboost are the
    numbers of weak learners, 1..K, and ``weak_learners`` (network) says after how many boosting
    ended; every other baseline has one epoch, 1. There is no loss: it is not a number throughout.

    Args:
        baseline: which one, with how many random states.
        dataset: path of the dataset file.
        output: path of the predictions file.

    Raises:
        InputError: the dataset cannot be read, has fewer train examples than neighbours are asked,
            or leaves adaboost nothing to boost.
    """
    started = time.monotonic()
    data = read_dataset(dataset)
    # Sums in the same order, whatever the number of cores: the same labels on each machine.
    with threadpool_limits(limits=1):
        predictions = predict(baseline, data)
    definition = baseline.definition | {
        "baselines_version": BASELINES_VERSION,
        "data": fingerprint(data),
    }
    write_predictions(predictions, output, definition)
    _tell(baseline, predictions, time.monotonic() - started)


def predict(baseline: Baseline, data: xr.Dataset) -> xr.Dataset:
    """Return the predictions of a baseline in the form of ``make_predictions``."""
    pixels, labels = standardised_pixels(data), data["label"].values
    is_train = data["example_split"].values == "train"
    if baseline.name == "k_nearest_neighbours" and is_train.sum() < NEIGHBOURS:
        raise InputError(
            f"{baseline.study}/{baseline.name}: the train set has {is_train.sum()} examples, fewer "
            f"than the {NEIGHBOURS} neighbours that are asked; leave "
            f"baselines.{baseline.name} out of the study."
        )
    if baseline.name == "adaboost":
        boosted, found = boosted_predictions(pixels, labels, is_train, baseline.weak_learners)
        return _as_networks(boosted[None], data).assign_coords(weak_learners=("network", [found]))
    predicted = []
    for seed in range(baseline.seeds):
        classifier = make_classifier(baseline.name, seed)
        predicted.append(classifier.fit(pixels[is_train], labels[is_train]).predict(pixels))
    return _as_networks(np.stack(predicted)[:, None], data)


def _as_networks(predictions: np.ndarray, data: xr.Dataset) -> xr.Dataset:
    """Put predictions (network, epoch, example) together, with the first epoch as 1."""
    is_right = predictions == data["label"].values
    of_split = [data["example_split"].values == split for split in SPLITS]
    accuracy = np.stack([is_right[..., chosen].mean(axis=-1) for chosen in of_split], axis=-1)
    networks, epochs, _ = predictions.shape
    return make_predictions(
        predictions,
        accuracy,
        np.full_like(accuracy, np.nan),
        range(networks),
        data,
        epochs=range(1, epochs + 1),
    )


def _tell(baseline: Baseline, predictions: xr.Dataset, seconds: float) -> None:
    last = predictions["accuracy"].isel(epoch=-1).sel(split="test").values
    spread = f", deviation {last.std(ddof=1):.3f}" if len(last) > 1 else ""
    title = f"{baseline.study}/{baseline.name}"
    log.info(
        "%s: %d fitted in %.1f s, test accuracy %.3f%s",
        *(title, len(last), seconds, last.mean(), spread),
    )
    if "weak_learners" in predictions.coords:
        found = int(predictions["weak_learners"][0])
        if found < baseline.weak_learners:
            log.info(
                "%s: boosting ended after %d of %d weak learners (the last was always right on the "
                "train set, or the next no better than chance); their predictions stand for the "
                "rest.",
                *(title, found, baseline.weak_learners),
            )
