"""A fourth way of training for training.py: kernels that are not part of the project yet.

A candidate is a folder with a module ``fused``, whose class ``Fused(ensemble, seeds, images)`` has
the methods ``finish_epoch`` and ``predict``, which returns labels (network, example).
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

from created_equal.networks import build_network
from created_equal.study import Ensemble
from created_equal.training.engine import device_random, initialize, optimizers
from created_equal.training.engine.images import Images

# What candidates import from the engine by former names: module -> name -> object.
FORMER_NAMES = {
    "counted": {"draw_words": device_random.draw_words, "ranks": device_random.argsort_unsigned},
    "initialise": {"initialise": initialize.initialize},
    "optimisers": vars(optimizers),
    "trainee": {
        "network_of": lambda ensemble, image_shape, classes: build_network(
            ensemble.architecture, ensemble.recipe, image_shape, classes
        )
    },
}


def train_with_candidate(ensemble: Ensemble, seeds: Sequence[int], images: Images) -> Iterator:
    """Train all networks at once with a candidate's kernels."""
    for name, objects in FORMER_NAMES.items():
        name = f"created_equal.training.engine.{name}"
        vars(sys.modules.setdefault(name, ModuleType(name))).update(objects)
    group = importlib.import_module("fused").Fused(ensemble, seeds, images)
    for _ in range(ensemble.recipe.epochs):
        group.finish_epoch()
        yield group.predict().cpu().numpy()
