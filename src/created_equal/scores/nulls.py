"""Null hypotheses: predictions of networks from which one effect is removed."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, label_dtype, select_indices
from created_equal.scores.answers import Answers, Axis
from created_equal.scores.correlation import ranks

EXAMPLES_AT_ONCE = 4096


def independent_networks(scores: xr.Dataset, axis: Axis, seed: int | Sequence[int]) -> Answers:
    """Return networks that err independently, with the accuracy of each at each epoch and split.

    A network that is wrong predicts each of the other labels with the same probability.
    """
    generator = np.random.default_rng(seed)
    # As NumPy's integer, the number of classes would make all of them 64-bit integers.
    classes, epochs = int(scores.attrs["classes"]), scores["epoch"].values
    accuracy = scores["accuracy"].transpose("network", "epoch", "split")
    accuracy = accuracy.sel(split=list(SPLITS)).values
    shape = (len(epochs), len(axis.names))
    predictions = np.empty((len(accuracy), *shape), label_dtype(classes))
    labels, split = axis.labels.astype(np.uint32), axis.is_test.astype(int)
    for network, of_splits in zip(predictions, accuracy.astype(np.float32), strict=True):
        wrong = generator.random(shape, np.float32) >= of_splits[:, split]
        others = labels + generator.integers(1, classes, size=shape, dtype=np.uint32) * wrong
        network[:] = others % classes
    return Answers(axis, predictions, scores["network"].values, epochs)


def classes_kept(answers: Answers, seed: int | Sequence[int]) -> Answers:
    """Return networks that agree only as far as examples of a class are alike.

    The examples of every network are permuted within class and split, in the same way at all
    epochs. So each network keeps its accuracy on each class, its confusions and its dynamics.
    """
    generator = np.random.default_rng(seed)
    predictions = np.empty_like(answers.predictions)
    for network, observed in zip(predictions, answers.predictions, strict=True):
        np.take(observed, answers.axis.permuted(generator), axis=1, out=network)
    return Answers(answers.axis, predictions, answers.seeds, answers.epoch)


def class_means(scores: xr.Dataset, axis: Axis, dataset: xr.Dataset) -> Answers:
    """Return the predictions of a classifier that knows only each class's mean train image.

    It predicts the class whose mean is nearest to the image (Euclidean distance of pixels), and
    replaces all networks of an ensemble at all epochs. Its accessibility is the rank of the margin,
    from 0 to 1, because right or wrong would leave most examples tied. The dataset has the images
    of all examples of the ensemble's scores, which are read in blocks.
    """
    labels, classes = scores["label"].values.astype(np.int64), scores.attrs["classes"]
    places = dataset.get_index("example").get_indexer(scores["example"].values)
    images = select_indices(dataset[["image"]], places)["image"]
    means = _means(images, labels, scores["example_split"].values == "train", classes)
    images = images.isel(example=axis.of_scores)
    distance = np.concatenate([_distances(flat, means) for _, flat in _blocks(images)])
    predicted = distance.argmin(axis=1)
    own = np.arange(len(distance)), axis.labels
    to_own = distance[own]
    distance[own] = np.inf
    margin = ranks(distance.min(axis=1) - to_own) - 1
    epochs = scores["epoch"].values
    return Answers(
        axis,
        np.broadcast_to(predicted, (1, len(epochs), len(predicted))),
        np.zeros(1, int),
        epochs,
        accessibility=margin / max(1, len(margin) - 1),
    )


def _blocks(images: xr.DataArray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of examples with their pixels, (example in block, pixel) float64."""
    for start in range(0, len(images), EXAMPLES_AT_ONCE):
        block = slice(start, start + EXAMPLES_AT_ONCE)
        pixels = images.isel(example=block).values
        yield block, pixels.reshape(len(pixels), -1).astype(np.float64)


def _means(
    images: xr.DataArray, labels: np.ndarray, is_train: np.ndarray, classes: int
) -> np.ndarray:
    """Return the mean image of each class's train examples, (class, pixel); NaN without any."""
    sums = np.zeros((classes, math.prod(images.shape[1:])))
    for block, flat in _blocks(images):
        for label in np.unique(labels[block][is_train[block]]):
            # Sums of whole numbers are exact.
            sums[label] += flat[is_train[block] & (labels[block] == label)].sum(axis=0)
    counts = np.bincount(labels[is_train], minlength=classes)[:, None]
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def _distances(flat: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the squared distance of each image to each mean, minus the square of the image.

    The result is (example, class) float64; infinite for a class without a mean.
    """
    distance = (means**2).sum(axis=1) - 2 * (flat @ means.T)
    return np.where(np.isnan(distance), np.inf, distance)
