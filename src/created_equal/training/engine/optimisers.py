"""The recipe's optimizer and the decay of its learning rate."""

import warnings

import torch
from torch import nn

from created_equal.study import Recipe


def make_optimizer(
    network: nn.Module, recipe: Recipe, rate: torch.Tensor | None = None
) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe for a network.

    Args:
        network: the network.
        recipe: the recipe.
        rate: a tensor () float32 on the network's device that will hold the learning rate, so that
            a recorded step reads it there; if None, it is a number in the parameter groups.

    Weight decay is added to the gradient (L2); with ``weight_decay_on: weights`` not to that of
    biases and normalisation layers, which are the parameters of one dimension.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [{"params": parameters, "weight_decay": recipe.weight_decay}]
    if recipe.weight_decay and recipe.weight_decay_on == "weights":
        weights = [parameter for parameter in parameters if parameter.dim() > 1]
        others = [parameter for parameter in parameters if parameter.dim() <= 1]
        groups = [
            {"params": weights, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
    groups = [group for group in groups if group["params"]]
    # These variants read the rate on the device without waiting for its value: of SGD the fused
    # one, of the others the "foreach" one, if it is recorded.
    fused = None if rate is None else True
    recorded = {"capturable": True, "foreach": True} if rate is not None and rate.is_cuda else {}
    match recipe.optimizer:
        case "sgd":
            optimizer = torch.optim.SGD(groups, momentum=recipe.momentum, fused=fused)
        case "adam":
            optimizer = torch.optim.Adam(groups, **recorded)
        case "adadelta":
            # rho and eps of Keras, in which the paper's MNIST example was written.
            optimizer = torch.optim.Adadelta(groups, rho=0.95, eps=1e-7, **recorded)
        case unknown:
            raise ValueError(f"no optimizer {unknown!r}")
    for group in optimizer.param_groups:
        # Not in the constructor, which would wait for the device to check that it is not negative.
        group["lr"] = recipe.learning_rate if rate is None else rate
    return optimizer


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 1: divided by ``factor`` per ``every``."""
    if recipe.decay is None:
        return recipe.learning_rate
    return recipe.learning_rate / recipe.decay.factor ** ((epoch - 1) // recipe.decay.every)


# PyTorch warns about the step that is taken before one is recorded.
warnings.filterwarnings("ignore", message="This instance was constructed with capturable=True")
