"""The engine for GPUs on fake CUDA tensors, which have shapes but no values and need no GPU.

A step or a prediction raises an error here, as it does when CUDA records it, if it mixes devices,
moves a tensor between them, reads a value, has a size that depends on values, or uses an operation
without a CUDA kernel. test_graphs.py checks the numbers.
"""

import pytest
import torch
from needs import require
from test_graphs import ARCHITECTURES, RECIPES
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from created_equal.training.engine import graphs
from created_equal.training.engine.device import Setting
from created_equal.training.engine.graphs import GraphGroup, Lane
from created_equal.training.engine.images import Images
from created_equal.training.engine.streams import Stream

GPU = torch.device("cuda", 0)


class OnlyOnGPU(TorchDispatchMode):
    """Rejects operations that a graph cannot record: on CPU tensors or without a CUDA kernel."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        has_kernel = torch._C._dispatch_has_computed_kernel_for_dispatch_key
        if operation.namespace == "aten" and not has_kernel(operation.name(), "CUDA"):
            raise RuntimeError(f"{operation} does not exist on CUDA")
        fused_sgd = operation is torch.ops.aten._fused_sgd_.tensor_lr
        result = check_layouts(*args) if fused_sgd else operation(*args, **(kwargs or {}))
        for each in tree_leaves((args, kwargs, result)):
            if isinstance(each, torch.Tensor) and each.device != GPU:
                raise RuntimeError(f"{operation} has a tensor on {each.device}")
        return result


def check_layouts(weights, gradients, momenta):
    """Check the arguments as CUDA's fused SGD does; PyTorch has no fake implementation of it."""
    for weight, *others in zip(weights, gradients, *[momenta] * bool(momenta), strict=True):
        for each in others:
            assert (each.shape, each.dtype) == (weight.shape, weight.dtype)
            assert all(
                one == other
                for size, one, other in zip(
                    weight.shape, weight.stride(), each.stride(), strict=True
                )
                if size > 1
            )


class FakeLane(Lane):
    """A lane that rejects work that cannot be recorded or that waits for the device."""

    def record(self, work):
        return super().record(lambda: self.queue(work))

    def queue(self, work):
        with OnlyOnGPU():
            work()


@pytest.fixture
def fake_gpu(monkeypatch):
    """Make all tensors fake, and replace functions that need CUDA's driver by equivalents."""
    require(torch.backends.cuda.is_built(), "this PyTorch is built without CUDA.")
    monkeypatch.setattr(graphs, "StreamLane", FakeLane)
    # Triton's kernel needs a GPU and a compiler.
    monkeypatch.setattr("created_equal.training.engine.device_random.draw_words", draw_fake_words)
    monkeypatch.setattr(graphs, "check_compiler", lambda: None)
    monkeypatch.setattr(nn.Module, "to", to)
    monkeypatch.setattr(torch.Tensor, "backward", backward)
    monkeypatch.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: True)
    with FakeTensorMode():
        yield


def draw_fake_words(key, stream, step, layer, n_words):
    """Return fake words with the shape of those of Triton's kernel."""
    assert key.device == step.device == GPU
    return torch.empty((*key.shape[:-1], n_words), dtype=torch.int64, device=key.device)


def to(network, device):
    """``nn.Module.to``, whose way of swapping tensors does not work with fake ones."""
    for module in network.modules():
        for name, weight in module.named_parameters(recurse=False):
            module.register_parameter(name, nn.Parameter(weight.detach().to(device)))
    return network


@torch.no_grad()
def backward(loss):
    """``Tensor.backward`` without its engine, which asks the driver for streams."""
    waits_for, nodes = {}, [loss.grad_fn]
    for node in nodes:
        for following, _ in node.next_functions:
            if following and following not in waits_for:
                nodes.append(following)
            waits_for[following] = waits_for.get(following, 0) + 1
    gradients, ready = {loss.grad_fn: {0: torch.ones_like(loss)}}, [loss.grad_fn]
    for node in ready:
        incoming = gradients.pop(node)
        call = node if callable(node) else node.apply
        outgoing = call(*(incoming[index] for index in range(len(incoming))))
        outgoing = outgoing if isinstance(outgoing, tuple) else (outgoing,)
        for (following, index), gradient in zip(node.next_functions, outgoing, strict=False):
            if following is None:
                continue
            expected = following._input_metadata[index]
            gradient = gradient.sum_to_size(expected.shape).to(expected.dtype)
            accumulated = gradients.setdefault(following, {})
            before = accumulated.get(index)
            accumulated[index] = gradient if before is None else before + gradient
            waits_for[following] -= 1
            if not waits_for[following]:
                ready.append(following)


@pytest.fixture
def train(digits, fake_gpu, monkeypatch):
    """A function that trains two networks for an epoch and returns their epochs."""

    def make_result(epoch, predictions, losses, images):
        assert predictions.shape == losses.shape == (len(images),)
        assert predictions.device.type == losses.device.type == "cpu"
        return epoch

    # Fake predictions have no values, so no accuracy can be computed.
    monkeypatch.setattr(graphs, "make_result", make_result)

    def train(ensemble, precision):
        images = Images(digits, Setting(GPU, precision), ensemble.recipe.augmentation)
        group = GraphGroup(ensemble, [0, 3], images)
        for _ in group.finish_epoch():
            pass
        group.restore(group.states())
        return group.evaluate(lambda: None)

    return train


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_recipe_can_be_recorded(tiny, train, recipe, precision):
    assert train(tiny("small_st_vgg", 0.25, **recipe), precision) == [1, 1]


@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_augmentation_can_be_recorded(tiny, train, monkeypatch, mini_batches, precision):
    drawn = []

    def draw(key, stream, step, layer, n_words):
        drawn.append(stream)
        return draw_fake_words(key, stream, step, layer, n_words)

    monkeypatch.setattr("created_equal.training.engine.device_random.draw_words", draw)
    ensemble = tiny("small_st_vgg", 0.25, augmentation="crop_and_flip", mini_batches=mini_batches)
    assert train(ensemble, precision) == [1, 1]
    assert Stream.AUGMENTATION in drawn


@pytest.mark.parametrize("architecture, changes", ARCHITECTURES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_architecture_can_be_recorded(tiny, train, architecture, changes, precision):
    assert train(tiny(architecture, 0.25, changes), precision) == [1, 1]


FAULTS = {
    "a value": (lambda numbers: numbers.sum().item(), "_local_scalar_dense"),
    "a size that depends on values": (lambda numbers: numbers[numbers > 0], "nonzero"),
    "a tensor on the CPU": (lambda numbers: numbers + torch.ones(3), "tensor on cpu"),
    "an index on the CPU": (lambda numbers: numbers[torch.tensor([0, 2])], "tensor on cpu"),
    "a transfer to the CPU": (lambda numbers: numbers.cpu(), "tensor on cpu"),
    "a transfer from the CPU": (lambda _: torch.zeros(3).to(GPU), "tensor on cpu"),
    "an operation without a CUDA kernel": (
        lambda numbers: numbers.to_mkldnn(),
        "does not exist on CUDA",
    ),
}


@pytest.mark.parametrize("work, message", FAULTS.values(), ids=FAULTS)
def test_work_that_cannot_be_recorded_is_rejected(fake_gpu, work, message):
    numbers = torch.zeros(3, device=GPU)
    with pytest.raises((RuntimeError, DataDependentOutputException), match=message):
        FakeLane(GPU).record(lambda: work(numbers))
