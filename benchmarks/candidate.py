"""A fourth way of training for training.py: kernels that are not part of the project yet.

A candidate is a folder with a module ``fused``, whose class ``Fused(ensemble, seeds, images)`` has
the methods ``finish_epoch`` and ``predict``, which returns labels (network, example).
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import torch

from created_equal.study import Ensemble
from created_equal.training.engine import device_random, graphs, initialize, optimizers, trainee
from created_equal.training.engine.images import Images

ENGINE = "created_equal.training.engine"


def make_importable(folder: Path) -> None:
    """Let this process and the processes that it spawns import a candidate."""
    sys.path.append(str(folder))


def train_with_candidate(ensemble: Ensemble, seeds: Sequence[int], images: Images) -> Iterator:
    """Train all networks at once with a candidate's kernels."""
    _add_former_names()
    group = importlib.import_module("fused").Fused(ensemble, seeds, images)
    for _ in range(ensemble.recipe.epochs):
        group.finish_epoch()
        yield group.predict().cpu().numpy()


def _add_former_names() -> None:
    """Add the functions of the engine that candidates import under their former names."""
    former = {
        "counted": {
            "draw_words": device_random.draw_words,
            "ranks": device_random.argsort_unsigned,
        },
        "initialise": {"initialise": initialize.initialize},
        "optimisers": vars(optimizers),
        "graphs": {"make_lane": _make_lane},
        "trainee": {"network_of": trainee.make_network},
    }
    for name, functions in former.items():
        module = sys.modules.setdefault(f"{ENGINE}.{name}", ModuleType(name))
        vars(module).update(functions)


def _make_lane(device: torch.device) -> graphs.Lane:
    return graphs.StreamLane(device) if device.type == "cuda" else graphs.Lane(device)
