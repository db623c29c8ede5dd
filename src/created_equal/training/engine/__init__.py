"""Everything that determines a network's predictions; see versions.ENGINE_VERSION."""

from collections.abc import Sequence

from created_equal.study import PAPER_ARCHITECTURES, Ensemble
from created_equal.training.engine.graphs import GraphGroup
from created_equal.training.engine.images import Examples, Images
from created_equal.training.engine.trainee import Trainee

# Networks that are trained together, each with the same result as if trained alone. Both classes
# have the attributes seeds, epoch (the number of finished ones) and moment, and the methods
# finish_epoch, evaluate, states and restore.
Group = Trainee | GraphGroup


def make_group(ensemble: Ensemble, seeds: Sequence[int], images: Examples) -> Group:
    """Return a group of the first of these networks: as many as train fastest and fit in memory.

    On a CPU networks are trained one at a time, because their activations then stay in the cache.
    On a GPU only the paper's networks on images in memory are trained together. torchvision's
    networks fill a GPU by themselves, and some draw random numbers of their own, which a recorded
    graph would repeat; images in files are read too slowly for more than one network.
    """
    recordable = isinstance(images, Images) and ensemble.architecture.name in PAPER_ARCHITECTURES
    if images.setting.device.type == "cuda" and recordable:
        return GraphGroup(ensemble, seeds, images)
    return Trainee(ensemble, seeds[0], images)
