"""Philox 4x64-10 as a Triton kernel, with the same words as numpy's generator."""

import triton
import triton.language as tl
from triton.language.random import philox_impl


@triton.jit(do_not_specialize=["layer", "stream", "number"])
def philox_words(words, key, step, layer, stream, number, blocks: tl.constexpr):
    """Fill ``words`` (network, number) int64 from keys (network, 2) and the rest of the counter.

    Block b yields the words 4b to 4b + 3. Its counter is (b + 1, layer, step, stream), because
    numpy increments its counter before it draws.
    """
    network = tl.program_id(1).to(tl.int64)
    words += network * number
    key += 2 * network
    block = tl.program_id(0) * blocks + tl.arange(0, blocks)
    zeros = tl.zeros((blocks,), dtype=tl.uint64)
    first, second, third, fourth = philox_impl(
        (block + 1).to(tl.uint64),
        zeros + layer.to(tl.uint64),
        zeros + tl.load(step).to(tl.uint64),
        zeros + stream.to(tl.uint64),
        tl.load(key).to(tl.uint64),
        tl.load(key + 1).to(tl.uint64),
        10,
    )
    word = 4 * block
    tl.store(words + word, first.to(tl.int64), mask=word < number)
    tl.store(words + word + 1, second.to(tl.int64), mask=word + 1 < number)
    tl.store(words + word + 2, third.to(tl.int64), mask=word + 2 < number)
    tl.store(words + word + 3, fourth.to(tl.int64), mask=word + 3 < number)
