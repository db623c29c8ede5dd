import os

import numpy as np
import pytest
import torch
from commands import printed_by

from created_equal.training.engine.device_random import DeviceStreams, draw_words
from created_equal.training.engine.streams import Stream, Streams

DEFINITION = {"a": 1}
STEP = 7


@pytest.fixture
def streams():
    return Streams(DEFINITION, 3)


@pytest.fixture
def device_streams(streams, device):
    return DeviceStreams(streams, torch.tensor(STEP, device=device))


def test_bytes_equal_those_of_the_streams(streams, device_streams):
    for n_bytes in (1, 8, 1001):
        drawn = device_streams.random_bytes(Stream.DROPOUT, 2, n_bytes).cpu().numpy()
        assert np.array_equal(drawn, streams.random_bytes(Stream.DROPOUT, STEP, 2, n_bytes))


def test_orders_equal_those_of_the_streams(streams, device_streams):
    order, sample = device_streams.permutation(5, 300), device_streams.sample(300, 20)
    assert np.array_equal(order.cpu().numpy(), streams.permutation(5, 300))
    assert np.array_equal(sample.cpu().numpy(), streams.sample(STEP, 300, 20))


@pytest.mark.parametrize("n_words", [1, 5, 1024, 4099])
def test_the_kernel_draws_the_words_of_the_streams(device, n_words):
    """Draws for several networks at once; without a GPU, Triton's interpreter runs the kernel."""
    networks = [Streams(DEFINITION, seed) for seed in (0, 3, 2**40)]
    keys = torch.from_numpy(np.stack([each.key for each in networks]).view("int64")).to(device)
    for layer, step in ((0, 0), (1, 1), (3, 2**33 + 5)):
        device_step = torch.tensor(step, device=device)
        drawn = draw_words(keys, Stream.DROPOUT, device_step, layer, n_words).cpu().numpy()
        for streams, words in zip(networks, drawn.view("uint64"), strict=True):
            assert np.array_equal(words, streams.words(Stream.DROPOUT, step, layer, n_words))
        one = draw_words(keys[1], Stream.DROPOUT, device_step, layer, n_words)
        assert np.array_equal(one.cpu().numpy(), drawn[1])


COMPILE = """
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from created_equal.training.engine.philox import philox_words
numbers = dict.fromkeys(("layer", "stream", "number"), "i32")
signature = {"words": "*i64", "key": "*i64", "step": "*i64", **numbers, "blocks": "constexpr"}
source = ASTSource(philox_words, signature, {"blocks": 256})
for capability in (70, 80, 90):
    compiled = compile(source, target=GPUTarget("cuda", capability, 32))
    assert "mul.hi.u64" in compiled.asm["ptx"]
print("compiled")
"""


def test_the_kernel_compiles_for_gpus(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    assert printed_by(COMPILE, env=environment).strip() == "compiled"
