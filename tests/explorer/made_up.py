"""Made-up scores and images, of any number."""

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, make_dataset

NAMES = ["cat", "dog & puppy", '"quoted", <b>bold</b>', "</script>"]


def make_scores(
    dataset: xr.Dataset, networks: int = 20, epochs: int = 12, seed: int = 0
) -> xr.Dataset:
    """Return made-up scores of an ensemble that learns the easier examples first."""
    generator = np.random.default_rng(seed)
    label = dataset["label"].values
    examples, classes = len(label), dataset.sizes["class"]
    difficulty = generator.beta(1.2, 1.8, examples)
    skill = 0.8 - 0.8 * np.exp(-3.5 * np.arange(epochs + 1) / epochs)
    chance = np.where(np.arange(epochs + 1) == 0, 1 / classes, 0)[:, None]
    share = np.clip(0.5 + 3 * (skill[:, None] - difficulty), 0, 1)
    # The networks agree on another label than the given one.
    mislabeled = (np.arange(examples) % 23 == 7) & (skill[:, None] > 0)
    share[mislabeled] = 0
    n_right = generator.binomial(networks, np.where(chance, chance, share)).astype(np.uint8)
    n_wrong = generator.binomial(networks - n_right, np.where(mislabeled, 0.99, 0.8)).astype(
        np.uint8
    )
    taken_for = (label + 1 + generator.integers(0, classes - 1, examples)) % classes
    is_right = (n_right > n_wrong) | ((n_right == n_wrong) & (label < taken_for))
    trained = n_right[1:].sum(axis=0, dtype=np.int64)
    is_test = dataset["example_split"].values == "test"
    accuracy = np.stack(
        [n_right[:, ~is_test].mean(axis=1), n_right[:, is_test].mean(axis=1)], axis=-1
    )
    accuracy = np.tile(accuracy / networks, (networks, 1, 1))
    curves = ("epoch", "example")
    return xr.Dataset(
        {
            "n_right": (curves, n_right),
            "modal_label": (curves, np.where(is_right, label, taken_for).astype(np.uint8)),
            "n_modal": (curves, np.maximum(n_right, n_wrong)),
            "n_runner_up": (curves, np.minimum(n_right, n_wrong)),
            "accessibility": ("example", trained / (networks * epochs)),
            "accuracy": (("network", "epoch", "split"), accuracy),
            "loss": (("network", "epoch", "split"), 1 - accuracy),
            "label": ("example", label),
        },
        coords={
            "epoch": np.arange(epochs + 1),
            "example": dataset["example"].values,
            "example_split": ("example", dataset["example_split"].values),
            "network": np.arange(networks),
            "split": list(SPLITS),
        },
        attrs={"classes": classes, "definition": "{}"},
    )


def make_images(examples: int, height: int, width: int, channels: int) -> xr.Dataset:
    """Return a dataset of smooth made-up images, a sixth of them test images."""
    generator = np.random.default_rng(1)
    coarse = generator.integers(0, 256, (examples, 5, 5, channels), dtype=np.uint8)
    rows, columns = (np.arange(size) * 5 // size for size in (height, width))
    images = coarse[:, rows[:, None], columns[None, :]]
    labels = np.arange(examples) % len(NAMES)
    is_test = np.arange(examples) % 6 == 5
    return make_dataset(images, labels, np.arange(examples) + 100, is_test, NAMES)
