"""What each statistic would be if there were nothing to it: the nulls beside every claim.

Each takes an ensemble's scores and returns scores of the same form, in which one thing is gone: the
networks' agreement, the examples' identity within their class, or all knowledge but the classes'
mean images.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from zlib import crc32

import numpy as np
import xarray as xr
from scipy.sparse import csr_array
from scipy.stats import rankdata

from created_equal.artefacts import HALVES, SPLITS, select_indices, select_split
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import Measured
from created_equal.scores import value_of

EXAMPLES_AT_ONCE = 4096
INDEPENDENT_EXAMPLES = 10_000
"""Of a split with more, networks that err independently answer so many, chosen at random."""


def independent_networks(scores: xr.Dataset, seed: int = 0) -> xr.Dataset:
    """Return the scores of networks that err independently, each as accurate as it is.

    At every epoch and in either split, each network is right about each example with the
    probability that is its own accuracy there, whatever the example and the other networks. A wrong
    network names any of the other labels with the same probability.

    Args:
        scores: as ``read_scores`` returns them.
        seed: of the draws.

    Returns:
        n_right, n_modal, modal_label, accessibility, accessibility_half, accuracy and label.
    """
    generator = np.random.default_rng(seed)
    classes, labels = scores.attrs["classes"], scores["label"].values.astype(np.int64)
    networks, epochs = scores.sizes["network"], scores.sizes["epoch"]
    accuracy = scores["accuracy"].transpose("network", "epoch", "split").values.astype(np.float64)
    guesses = np.full(classes - 1, 1 / (classes - 1))
    halves = [scores["network"].values % 2 == half for half in range(len(HALVES))]
    right = np.zeros((len(halves), epochs, len(labels)), dtype=np.int64)
    n_modal = np.empty((epochs, len(labels)), dtype=np.int64)
    modal = np.empty((epochs, len(labels)), dtype=np.int64)
    for column, split in enumerate(SPLITS):
        here = np.flatnonzero(scores["example_split"].values == split)
        for epoch in range(epochs):
            for number, half in enumerate(halves):
                chances = right_count_distribution(accuracy[half, epoch, column])
                right[number, epoch, here] = generator.choice(len(chances), here.size, p=chances)
            of_all = right[:, epoch, here].sum(axis=0)
            others = generator.multinomial(networks - of_all, guesses)
            most = others.argmax(axis=1)
            wrong_label = most + (most >= labels[here])
            n_modal[epoch, here] = np.maximum(of_all, others.max(axis=1))
            modal[epoch, here] = np.where(of_all >= others.max(axis=1), labels[here], wrong_label)
    trained = scores["epoch"].values > 0
    # With a single network there is nobody in one of the halves.
    of_halves = [
        right[number, trained].mean(axis=0) / (half.sum() or np.nan)
        for number, half in enumerate(halves)
    ]
    n_right = right.sum(axis=0)
    return scores[["accuracy", "label"]].assign(
        n_right=(("epoch", "example"), n_right),
        n_modal=(("epoch", "example"), n_modal),
        modal_label=(("epoch", "example"), modal),
        accessibility=("example", (n_right[trained] / networks).mean(axis=0)),
        accessibility_half=(("half", "example"), np.array(of_halves)),
    )


def right_count_distribution(accuracies: np.ndarray) -> np.ndarray:
    """Return with which probability exactly 0, 1, ... N independent networks are right.

    Args:
        accuracies: (network,) the probability of each to be right.

    Returns:
        (N + 1,) float64 with the sum 1 (the Poisson binomial distribution).
    """
    chances = reduce(np.convolve, ([1 - p, p] for p in accuracies), np.ones(1))
    return chances / chances.sum()


def shuffled_within_class(scores: xr.Dataset, seed: int = 0) -> xr.Dataset:
    """Return scores in which the examples of a class have changed places, within their split.

    What is left is what the class of an example tells. The halves of an ensemble are shuffled by
    themselves, so that between them too nothing is left but the classes.

    Args:
        scores: with label (example) and any variables of examples.
        seed: of the draws.

    Returns:
        the same, in which the examples have changed their names; values stay where they are, so
        that what is in a file is not read.
    """
    generator = np.random.default_rng(seed)
    names = np.empty_like(scores["example"].values)
    # The example in place i takes the values of that in place places[i].
    places = _places(scores, generator)
    names[places] = scores["example"].values
    shuffled = scores.assign_coords(example=names)
    if "accessibility_half" in scores:
        back = np.argsort(places)
        halves = [
            scores["accessibility_half"].sel(half=half).values[_places(scores, generator)[back]]
            for half in HALVES
        ]
        shuffled["accessibility_half"] = (("half", "example"), np.array(halves))
    return shuffled


def class_means(scores: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Return the scores of equal networks, each of which knows only each class's mean image.

    The means are those of the train examples of ``scores`` with their labels there, and a network
    names the class whose mean is nearest to the image (Euclidean distance of pixels). There are as
    many networks and epochs as in ``scores``, and all are the same.

    Args:
        scores: in whose place they stand.
        dataset: with the images of all examples of ``scores``; a block of them is read at a time.

    Returns:
        n_right (epoch, example), 0 or N; modal_label; accuracy; label; and as accessibility
        (example) the rank, from 0 to 1, by how much nearer the image is to its own class's mean
        than to the nearest other, so that examples differ in more than right and wrong.
    """
    labels = scores["label"].values.astype(np.int64)
    split = scores["example_split"].values
    epochs = scores["epoch"].values
    places = dataset.get_index("example").get_indexer(scores["example"].values)
    images = select_indices(dataset[["image"]], places)["image"]
    means = _means(images, labels, split == "train", scores.attrs["classes"])
    predicted = np.empty(len(labels), dtype=np.int64)
    margin = np.empty(len(labels))
    for block, flat in _blocks(images):
        distance = _distances(flat, means)
        predicted[block] = distance.argmin(axis=1)
        own = np.arange(len(flat)), labels[block]
        to_own = distance[own]
        distance[own] = np.inf
        margin[block] = distance.min(axis=1) - to_own
    right = predicted == labels
    accuracy = [right[split == each].mean() for each in SPLITS]
    networks = scores["network"].values
    repeated = (len(epochs), len(labels))
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), np.broadcast_to(len(networks) * right, repeated)),
            "modal_label": (("epoch", "example"), np.broadcast_to(predicted, repeated)),
            "accessibility": ("example", (rankdata(margin) - 1) / max(1, len(margin) - 1)),
            "accuracy": (
                ("network", "epoch", "split"),
                np.broadcast_to(accuracy, (len(networks), len(epochs), len(SPLITS))),
            ),
            "label": scores["label"],
        },
        coords={
            "network": networks,
            "epoch": epochs,
            "example": scores["example"].values,
            "example_split": ("example", split),
            "split": list(SPLITS),
        },
        attrs=scores.attrs,
    )


class Nulls:
    """Scores under each null, every ensemble's made once."""

    def __init__(self, evidence: Evidence):
        self.evidence = evidence
        self.sample = sampled(evidence.dataset)
        self.made: dict[tuple[str, str], xr.Dataset] = {}
        self.kinds: Mapping[str, Callable[[str], xr.Dataset]] = {
            "independent_networks": lambda name: independent_networks(
                among(evidence.scores[name], self.sample), crc32(name.encode())
            ),
            "shuffled_within_class": lambda name: shuffled_within_class(
                evidence.scores[name], crc32(name.encode())
            ),
            "class_means": lambda name: class_means(evidence.scores[name], evidence.dataset),
        }

    def value(self, kind: str, measured: Measured, names: tuple[str, ...]) -> float:
        """Return the value of a statistic under a null.

        Args:
            kind: as for ``under``.
            measured: the statistic.
            names: of the ensembles and baselines that it is measured on.

        Returns:
            NaN where the null needs images, and the dataset does not hold them.
        """
        if kind == "class_means" and "image" not in self.evidence.dataset:
            return float("nan")
        if kind == "independent_networks":
            measured = measured.among(self.sample)
        return value_of(measured.statistic(self.under(kind, names)), measured.units)

    def under(self, kind: str, names: tuple[str, ...]) -> Mapping[str, xr.Dataset]:
        """Return the scores by name, in which a null takes the place of those of ``names``.

        Args:
            kind: ``"independent_networks"``, ``"shuffled_within_class"`` or ``"class_means"``,
                which takes the place of the last name alone: what the others are compared with.
            names: of ensembles and baselines.
        """
        replaced = names[-1:] if kind == "class_means" else names
        for name in replaced:
            if (kind, name) not in self.made:
                self.made[kind, name] = self.kinds[kind](name)
        others = {name: self.made[kind, name] for name in replaced}
        return {**self.evidence.scores, **others}


def sampled(dataset: xr.Dataset) -> np.ndarray:
    """Return the names of the examples that independent networks answer: (example,) integers.

    All of a split, or ``INDEPENDENT_EXAMPLES`` of them, always the same.
    """
    generator = np.random.default_rng(0)
    of_splits = [select_split(dataset, split)["example"].values for split in SPLITS]
    return np.concatenate(
        [
            generator.choice(names, min(len(names), INDEPENDENT_EXAMPLES), replace=False)
            for names in of_splits
        ]
    )


def among(scores: xr.Dataset, examples: np.ndarray) -> xr.Dataset:
    """Return the scores of those examples that are among these names (example,)."""
    return select_indices(scores, np.flatnonzero(np.isin(scores["example"].values, examples)))


def _places(scores: xr.Dataset, generator: np.random.Generator) -> np.ndarray:
    """Return for each example the place of another (or itself) of its class and split."""
    is_test = scores["example_split"].values == "test"
    group = 2 * scores["label"].values.astype(np.int64) + is_test
    order = np.argsort(group, kind="stable")
    places = np.empty_like(order)
    for alike in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        places[alike] = generator.permutation(alike)
    return places


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
    sums = 0
    for block, flat in _blocks(images):
        chosen = np.flatnonzero(is_train[block])
        where = (labels[block][chosen], chosen)
        # Sums of whole numbers: exact.
        sums += csr_array((np.ones(len(chosen)), where), shape=(classes, len(flat))) @ flat
    counts = np.bincount(labels[is_train], minlength=classes)[:, None]
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def _distances(flat: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the squared distance of each image to each class's mean, less the image's own square.

    (example, class) float64; infinite for a class without a mean.
    """
    distance = np.full((len(flat), len(means)), np.inf)
    for label in np.flatnonzero(~np.isnan(means[:, 0])):
        mean = means[label]
        distance[:, label] = mean @ mean - 2 * (flat @ mean)
    return distance
