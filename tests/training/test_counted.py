import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from created_equal.training.engine.counted import CountedOnDevice
from created_equal.training.engine.streams import Stream, Streams

DEFINITION = {"a": 1}
STEP = 7


@pytest.fixture
def streams():
    return Streams(DEFINITION, 3)


@pytest.fixture
def counted(streams, device):
    return CountedOnDevice(streams, torch.tensor(STEP, device=device))


def test_octets_are_those_of_the_streams(streams, counted):
    for number in (1, 8, 1001):
        drawn = counted.octets(Stream.DROPOUT, 2, number).cpu().numpy()
        assert np.array_equal(drawn, streams.octets(Stream.DROPOUT, STEP, 2, number))


def test_orders_are_those_of_the_streams(streams, counted):
    assert np.array_equal(counted.permutation(5, 300).cpu().numpy(), streams.permutation(5, 300))
    assert np.array_equal(counted.sample(300, 20).cpu().numpy(), streams.sample(STEP, 300, 20))


# The kernel, run by Triton's interpreter, which has to be chosen before Triton is imported.
KERNEL = """
import torch
from created_equal.training.engine.counted import draw_words
from created_equal.training.engine.streams import Stream, Streams
for network in (0, 3, 2**40):
    streams = Streams({"a": 1}, network)
    key = torch.from_numpy(streams.key.view("int64"))
    for number in (1, 5, 1024, 4099):
        for layer, step in ((0, 0), (1, 1), (3, 2**33 + 5)):
            drawn = draw_words(key, Stream.DROPOUT, torch.tensor(step), layer, number)
            expected = streams.words(Stream.DROPOUT, step, layer, number)
            assert (drawn.numpy().view("uint64") == expected).all(), (network, number, layer, step)
print("equal")
"""

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


def run(program, tmp_path, **environment):
    environment = os.environ | {"TRITON_CACHE_DIR": str(tmp_path)} | environment
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_kernel_draws_the_words_of_the_streams(tmp_path):
    assert run(KERNEL, tmp_path, TRITON_INTERPRET="1") == "equal"


def test_the_kernel_compiles_for_gpus(tmp_path):
    assert run(COMPILE, tmp_path) == "compiled"
