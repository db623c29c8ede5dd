"""The user's own networks, from a function in a Python file."""

import importlib
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from weakref import WeakSet

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from created_equal.errors import InputError
from created_equal.networks.dropout import dropout_rate, dropouts
from created_equal.networks.public import replace_dropout
from created_equal.study import Architecture, OwnNetwork, Recipe, digest_of

# The layers with weights or buffers of all networks that were built in this process.
_built: WeakSet[nn.Module] = WeakSet()


def build_own_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build a network of the user's own; arguments as in ``build_network``.

    nn.Dropout layers use the engine's random numbers, other kinds of dropout PyTorch's; the recipe
    changes the rates of both, and those of attention and recurrent layers.

    Raises:
        InputError: the file cannot be imported or has no such function, the function fails, sets
            PyTorch's seed, returns no module or layers that it has returned before, or the module
            does not map images to logits, in evaluation and in training mode, draws random numbers
            in evaluation mode, or has no trainable parameters.
    """
    own = architecture.own
    call, make = f"{architecture.name}({classes}, {image_shape})", _load(own)
    seed = torch.initial_seed()
    try:
        network = make(classes, image_shape)
    except (Exception, SystemExit) as error:  # The user's code may raise anything.
        raise error_in_user_code(f"{call} fails", own, error) from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"{call} returns an object of type {type(network).__name__}; let it return a "
            "torch.nn.Module."
        )
    if torch.initial_seed() != seed:
        raise InputError(
            f"{call} sets PyTorch's seed, so all networks would start with the same weights; leave "
            "torch.manual_seed out (each network has a seed already), or give a torch.Generator to "
            "what all networks are to share."
        )
    layers = {
        layer
        for layer in network.modules()
        if [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
    }
    if not layers.isdisjoint(_built):
        raise InputError(
            f"{call} returns layers that it has returned before, so networks would share weights; "
            "let it make new ones at each call."
        )
    _built.update(layers)
    _own_memory(network)
    replace_dropout(network, recipe)
    for layer in network.modules():
        if isinstance(layer, _DropoutNd):
            layer.p = dropout_rate(recipe.dropout, layer.p)
        # Their default is none, which a rate for dropout layers must not change.
        elif isinstance(layer, (nn.MultiheadAttention, nn.RNNBase)) and layer.dropout:
            layer.dropout = dropout_rate(recipe.dropout, layer.dropout)
    gpus = {each.device for each in network.parameters() if each.is_cuda}
    with torch.random.fork_rng(devices=[*gpus]):
        _check_logits(network, call, own, image_shape, classes)
    return network


@torch.no_grad()
def _own_memory(network: nn.Module) -> None:
    """Copy parameters and buffers into memory of their own.

    ``nn.Parameter(X)`` uses the memory of X. If X belongs to the module, every network would train
    it, and the next one would start from the trained values.
    """
    for each in chain(network.parameters(), network.buffers()):
        # Those of lazy layers have no memory yet.
        if not nn.parameter.is_lazy(each):
            each.data = each.data.clone()


def _check_logits(
    network: nn.Module, call: str, own: OwnNetwork, image_shape: tuple[int, int, int], classes: int
) -> None:
    height, width, channels = image_shape
    device = next((each.device for each in network.parameters()), None)
    # As in training, channels are last in memory.
    pixels = torch.linspace(-1, 1, 2 * height * width * channels, device=device)
    images = pixels.view(2, height, width, channels).permute(0, 3, 1, 2)
    was_training = network.training
    for mode, is_training in (("", False), (" in training mode", True)):
        try:
            logits = _logits_of(network.train(is_training), images)
            again = logits if is_training else _logits_of(network, images)
        except Exception as error:  # The user's code may raise anything.
            if others := {each.dtype for each in network.parameters()} - {torch.float32}:
                raise InputError(
                    f"the network of {call} has parameters of the type {others.pop()}, but images "
                    "are torch.float32; leave out .double() or .half(), and let it return float32 "
                    "logits."
                ) from error
            raise error_in_user_code(
                f"the network of {call} fails on images{mode}", own, error
            ) from error
        if not isinstance(logits, torch.Tensor):
            raise InputError(
                f"the network of {call} returns an object of type {type(logits).__name__}{mode}; "
                "let it return logits, a tensor (example, class)."
            )
        if logits.shape != (2, classes) or not logits.is_floating_point():
            raise InputError(
                f"the network of {call} returns {logits.dtype} of the shape {tuple(logits.shape)} "
                f"for two images{mode}; let it return float32 logits of the shape (2, {classes})."
            )
        if not torch.allclose(logits, again, rtol=1e-3, atol=1e-5, equal_nan=True):
            raise InputError(
                f"the network of {call} returns other logits for the same images in evaluation "
                "mode, so its predictions would be random; draw random numbers only if "
                "self.training."
            )
    network.train(was_training)
    if not any(each.requires_grad for each in network.parameters()):
        raise InputError(
            f"the network of {call} has no trainable parameters; give it a layer that has some, or "
            "leave their requires_grad True."
        )


def _logits_of(network: nn.Module, images: torch.Tensor) -> object:
    """Return a network's output; its buffers stay as they are."""
    layers = dropouts(network)
    for layer in layers:
        layer.noise = lambda n_bytes: images.new_zeros(n_bytes, dtype=torch.uint8)
    # Lazy layers have no buffers before they are applied for the first time, in evaluation mode.
    buffers = dict(network.named_buffers()) if network.training else {}
    before = {name: each.clone() for name, each in buffers.items()}
    try:
        with torch.no_grad():
            output = network(images)
            # The forward pass may put other tensors into the place of buffers.
            for name, each in network.named_buffers():
                if name in before and not torch.equal(each, before[name]):
                    each.copy_(before[name])
            return output
    finally:
        for layer in layers:
            layer.noise = None


# Cached, so that all networks of a process come from the same code.
@cache
def _load(own: OwnNetwork) -> Callable[[int, tuple[int, int, int]], object]:
    file = own.folder.joinpath(*own.module.split("."))
    if digest_of(own.module, own.folder) != own.digest:
        raise InputError(f"{file}.py, or a file that it imports, has just changed; run again.")
    sys.path.insert(0, str(own.folder))
    before = sys.pycache_prefix
    try:
        # Python would use a stale cache for a file that has changed but not in size and time, so
        # the cache is an empty folder.
        # PyTorch's generator has the seed of the network that is built first in a process; neither
        # may what a file draws depend on that network, nor that network on what a file draws.
        with tempfile.TemporaryDirectory() as empty, torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            sys.pycache_prefix = empty
            importlib.invalidate_caches()
            module = importlib.import_module(own.module)
    # The user's code may raise anything; a script that reads a command line exits.
    except (Exception, SystemExit) as error:
        raise error_in_user_code(f"{file}.py cannot be imported", own, error) from error
    finally:
        sys.pycache_prefix = before
    loaded = Path(module.__file__ or "")
    if not loaded.is_relative_to(own.folder):
        raise InputError(
            f"{own.module} is also the name of another module ({loaded}); rename {file}.py."
        )
    function = getattr(module, own.function, None)
    if not callable(function):
        raise InputError(
            f"{file}.py has no function {own.function}; define {own.function}(n_classes, "
            "image_shape) there, or correct the name in the study."
        )
    return function


def error_in_user_code(what: str, own: OwnNetwork, error: BaseException) -> InputError:
    """Return the InputError for an exception in the user's code, with its file and line."""
    place = ""
    traceback = error.__traceback__
    while traceback:
        file = Path(traceback.tb_frame.f_code.co_filename)
        if file.is_relative_to(own.folder):
            place = f", {file.name} line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    words = " ".join(str(error).split())
    return InputError(f"{what} ({type(error).__name__}: {words}{place}); correct it.")
