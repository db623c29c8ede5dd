"""A pass over data that does not change a running training, with PyTorch if it is imported."""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from created_equal.errors import InputError
from created_equal.recorder.outputs import logits_of, parts_of


def is_first_process() -> bool:
    """Return whether this is the first process of a training, or the only one."""
    torch = sys.modules.get("torch")
    distributed = getattr(torch, "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return True
    return distributed.get_rank() == 0


@contextmanager
def undisturbed(model: object, *loaders: object) -> Iterator[None]:
    """Evaluate a torch module in the ``with`` block, in eval mode and without gradients.

    Afterwards the mode of each of its modules is restored, and so are the random states of torch
    (on the CPU and on the GPUs of the model), numpy, random, and the generators of the loaders and
    of their samplers.
    """
    torch = sys.modules["torch"]
    modes = [(module, module.training) for module in model.modules()]
    gpus = {each.device.index for each in model.parameters() if each.device.type == "cuda"}
    # Even a loader that does not shuffle draws a number.
    generators = [*_generators(loaders)]
    states = [generator.get_state() for generator in generators]
    of_random, of_numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(sorted(gpus)), torch.no_grad():
            model.eval()
            yield
    finally:
        # Some modules, such as LoRA's layers, do more in train() than set the flag. Parents come
        # first, and their children get their own modes after them.
        for module, is_training in modes:
            if module.training != is_training:
                module.train(is_training)
            module.training = is_training
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        random.setstate(of_random)
        np.random.set_state(of_numpy)


def outputs_of(
    model: object, loader: object, predict: Callable | None = None
) -> Iterator[tuple[object, object | None, object | None]]:
    """Yield the logits, the labels and the ids of each batch of a loader; see ``parts_of``.

    Args:
        model: a torch module, called with the inputs of a batch, which are moved to its device; a
            mapping of inputs is passed by keyword.
        loader: an iterable of batches.
        predict: if given, ``predict(model, batch)`` is called instead, with the batch unchanged.
    """
    device = next((each.device for each in model.parameters()), "cpu")
    for batch in loader:
        inputs, labels, ids = parts_of(batch)
        if predict is not None:
            outputs = predict(model, batch)
        elif isinstance(inputs, Mapping):
            outputs = model(**_moved(inputs, device))
        else:
            outputs = model(_moved(inputs, device))
        yield logits_of(outputs), labels, ids


def _generators(loaders: Iterable[object]) -> Iterator[object]:
    """Yield each generator of torch that loaders and their samplers have, once."""
    kind, seen = sys.modules["torch"].Generator, set()
    for loader in loaders:
        batches = getattr(loader, "batch_sampler", None)
        samplers = getattr(loader, "sampler", None), batches, getattr(batches, "sampler", None)
        for each in (loader, *samplers):
            generator = getattr(each, "generator", None)
            if isinstance(generator, kind) and id(generator) not in seen:
                seen.add(id(generator))
                yield generator


def keeps_order(loader: object) -> bool | None:
    """Return whether a loader yields its examples in order; None if it cannot be known."""
    data = sys.modules["torch"].utils.data
    if isinstance(loader, tuple | list):
        return True
    if not isinstance(loader, data.DataLoader) or isinstance(loader.dataset, data.IterableDataset):
        return None
    samplers, batches = [loader.sampler], loader.batch_sampler
    if type(batches) is data.BatchSampler:
        samplers.append(batches.sampler)
    in_order = all(type(sampler) is data.SequentialSampler for sampler in samplers)
    return in_order and type(batches) in (data.BatchSampler, type(None))


def without_distribution(model: object) -> object:
    """Return the module within DistributedDataParallel, which waits for all other processes.

    Raises:
        InputError: the parameters are sharded, so each process has only a part of them; or it is no
            torch module.
    """
    if not hasattr(model, "modules"):
        raise InputError(
            f"the model is of the type {type(model).__name__}; give a torch module, or its outputs "
            "to record."
        )
    compiled = getattr(model, "_orig_mod", model)
    is_distributed = type(compiled).__name__ == "DistributedDataParallel"
    kinds = {kind.__name__ for each in model.modules() for kind in type(each).__mro__}
    if kinds & {"FullyShardedDataParallel", "FSDPModule"}:
        raise InputError(
            "the model's parameters are sharded across processes (FSDP), so one process cannot "
            "evaluate it; gather the logits of each epoch yourself and call record."
        )
    return compiled.module if is_distributed else model


def _moved(inputs: object, device: object) -> object:
    if hasattr(inputs, "to"):
        return inputs.to(device)
    if isinstance(inputs, Mapping):
        return {name: _moved(each, device) for name, each in inputs.items()}
    if isinstance(inputs, tuple | list):
        moved = [_moved(each, device) for each in inputs]
        is_named = hasattr(inputs, "_fields")
        return type(inputs)(*moved) if is_named else type(inputs)(moved)
    return inputs
