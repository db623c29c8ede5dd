"""Write engine_predictions.json, the predictions of the current ENGINE_VERSION.

    python tests/training/engine_predictions.py

Run this after raising ENGINE_VERSION; test_engine_version.py compares the engine with the file. The
networks take so few steps that differences between processors in rounding do not grow.
"""

import json
from dataclasses import replace
from pathlib import Path

import torch
import xarray as xr
from one_network import train_network

from created_equal.datasets import build_dataset
from created_equal.study import Architecture, Decay, Ensemble, Recipe
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images
from created_equal.versions import ENGINE_VERSION

FILE = Path(__file__).with_suffix(".json")
DIGITS = {"source": "digits", "size": 16, "train_examples": 40, "test_examples": 40}
SEED = 3
# The recipe has two epochs of two steps.
RECIPE = Recipe(epochs=2, batch_size=20, learning_rate=0.1, decay=Decay(2.0, 1))
SMALL = Ensemble(
    "tests",
    "pinned",
    Architecture("small_st_vgg", 0.25),
    n_networks=1,
    recipe=RECIPE,
    dataset=DIGITS,
)


def _architecture(name: str, **variations) -> Ensemble:
    return replace(SMALL, architecture=Architecture(name, 0.25, **variations))


def _recipe(**changes) -> Ensemble:
    return replace(SMALL, recipe=replace(RECIPE, **changes))


NETWORKS = {
    "st_vgg": _architecture("st_vgg"),
    "st_vgg, linear": _architecture("st_vgg", linear=True),
    "small_st_vgg": SMALL,
    "small_st_vgg, other shape": _architecture("small_st_vgg", depth=3, kernel=2, units=100),
    "mnist_cnn": _architecture("mnist_cnn"),
    "no dropout": _recipe(dropout=False),
    "another dropout": _recipe(dropout=0.1),
    "another activation": _recipe(activation="gelu"),
    "momentum": _recipe(momentum=0.9, learning_rate=0.02),
    "weight decay": _recipe(weight_decay=0.1),
    "adam": _recipe(optimizer="adam", learning_rate=0.001),
    "adadelta": _recipe(optimizer="adadelta", learning_rate=1.0),
    "independent mini-batches": _recipe(mini_batches="independent"),
}
PRECISIONS = ("fp32", "bf16")


def load_digits() -> xr.Dataset:
    """Return the examples that the networks are trained on."""
    return build_dataset(DIGITS, Path("unused"), download=False)


def train(name: str, precision: str, digits: xr.Dataset) -> dict:
    """Train one of the networks and return the values to store, per epoch.

    Returns:
        ``loss`` (epoch, split), and ``predictions``: per epoch a string with one digit per example.
    """
    images = Images(digits, choose_setting("cpu", precision))
    results = list(train_network(NETWORKS[name], SEED, images))
    return {
        "loss": [[round(loss, 7) for loss in result.loss.tolist()] for result in results],
        "predictions": ["".join(map(str, result.predictions)) for result in results],
    }


def main() -> None:
    torch.set_num_threads(1)
    digits = load_digits()
    networks = {
        name: {precision: train(name, precision, digits) for precision in PRECISIONS}
        for name in NETWORKS
    }
    contents = {"engine_version": ENGINE_VERSION, "networks": networks}
    FILE.write_text(json.dumps(contents, indent=1) + "\n")


if __name__ == "__main__":
    main()
