"""The optimizer of a recipe, and its learning rate schedule."""

import inspect
import warnings

import torch
from torch import nn

from created_equal.study import Recipe


def without_compiler(kind: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """Return a class of optimizers that does not import PyTorch's compiler, ``torch._dynamo``.

    PyTorch wraps these methods to tell the compiler about them, and so each job would import it,
    which takes a second of processor time.
    """
    names = ("add_param_group", "zero_grad", "state_dict", "load_state_dict", "step")
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in names}
    # The wrapper of ``step`` also turns off gradients.
    return type(kind.__name__, (kind,), methods | {"step": torch.no_grad()(methods["step"])})


SGD, ADAM, ADADELTA = map(
    without_compiler, (torch.optim.SGD, torch.optim.Adam, torch.optim.Adadelta)
)


def make_optimizer(
    network: nn.Module, recipe: Recipe, rate: torch.Tensor | None = None
) -> torch.optim.Optimizer:
    """Return the optimizer of a recipe for a network.

    Weight decay is added to the gradient (L2). With ``weight_decay_on: weights`` it excludes biases
    and normalization layers, which are the parameters of one dimension. A recorded step reads the
    learning rate from ``rate``, () float32 on the network's device; without it the rate is a number
    in the parameter groups.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [{"params": parameters, "weight_decay": recipe.weight_decay}]
    if recipe.weight_decay and recipe.weight_decay_on == "weights":
        groups[0]["params"] = [parameter for parameter in parameters if parameter.dim() > 1]
        others = [parameter for parameter in parameters if parameter.dim() <= 1]
        groups.append({"params": others, "weight_decay": 0.0})
    groups = [group for group in groups if group["params"]]
    # A recorded step must read the rate on the device. Only fused SGD and the capturable "foreach"
    # variants of the others do so without waiting for its value.
    fused = None if rate is None else True
    recorded = {"capturable": True, "foreach": True} if rate is not None and rate.is_cuda else {}
    match recipe.optimizer:
        case "sgd":
            optimizer = SGD(groups, momentum=recipe.momentum, fused=fused)
        case "adam":
            optimizer = ADAM(groups, **recorded)
        case "adadelta":
            # rho and eps are those of Keras, in which the paper's MNIST example was written.
            optimizer = ADADELTA(groups, rho=0.95, eps=1e-7, **recorded)
    for group in optimizer.param_groups:
        # The constructor would wait for the device to check that the rate is not negative.
        group["lr"] = recipe.learning_rate if rate is None else rate
    return optimizer


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch (from 1); ``every`` epochs divide it by ``factor``."""
    if recipe.decay is None:
        return recipe.learning_rate
    try:
        return recipe.learning_rate / recipe.decay.factor ** ((epoch - 1) // recipe.decay.every)
    except OverflowError:  # The divisor is above 1e308.
        return 0.0


# PyTorch warns about the step that runs before the recording.
warnings.filterwarnings("ignore", message="This instance was constructed with capturable=True")
