"""Counted random numbers: Philox 4x64-10 keyed by ensemble and network, without hidden state.

Word w of a draw is a function of (ensemble, network, stream, step, layer, w) alone. So a network is
the same whatever was trained before or beside it, and the same numbers can be computed on any
device: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; numpy's Philox
is the reference, with the key (ensemble, network) and the counter (block, layer, step, stream).
"""

from collections.abc import Mapping
from enum import IntEnum
from hashlib import blake2b

import numpy as np

from created_equal.artefacts import canonical


class Stream(IntEnum):
    """What a random number is for."""

    INITIALISATION = 0
    ORDER = 1
    DROPOUT = 2
    OTHER = 3  # seeds of PyTorch's generator, for modules that draw from it by themselves


class Streams:
    """The random numbers of one network.

    Args:
        definition: the ensemble's; another definition gives other numbers, so that ensembles are
            independent of each other and not paired by chance of a shared seed.
        network: the network's number.
    """

    def __init__(self, definition: Mapping, network: int):
        ensemble = blake2b(canonical(definition).encode(), digest_size=8).digest()
        self.key = np.array([int.from_bytes(ensemble, "little"), network], dtype=np.uint64)

    def words(self, stream: Stream, step: int, layer: int, number: int) -> np.ndarray:
        """Return (number,) random uint64."""
        counter = np.array([0, layer, step, stream], dtype=np.uint64)
        return np.random.Philox(key=self.key, counter=counter).random_raw(number)

    def octets(self, stream: Stream, step: int, layer: int, number: int) -> np.ndarray:
        """Return (number,) random uint8, the bytes of the words from the lowest on."""
        words = self.words(stream, step, layer, -(-number // 8))
        return words.astype("<u8", copy=False).view(np.uint8)[:number]

    def uniform(self, stream: Stream, step: int, layer: int, number: int) -> np.ndarray:
        """Return (number,) float32 in [0, 1), multiples of 2^-24: exact on every device."""
        words = self.words(stream, step, layer, number)
        return (words >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)

    def permutation(self, epoch: int, examples: int) -> np.ndarray:
        """Return an order of ``examples`` examples, the ranks of as many words: (examples,)."""
        return np.argsort(self.words(Stream.ORDER, epoch, 0, examples), kind="stable")

    def sample(self, step: int, examples: int, size: int) -> np.ndarray:
        """Return ``size`` of ``examples`` examples, drawn without replacement: (size,)."""
        words = self.words(Stream.ORDER, step, 1, examples)
        smallest = np.argpartition(words, size - 1)[:size]
        return smallest[np.argsort(words[smallest], kind="stable")]

    def seed(self, step: int | None = None) -> int:
        """Return a seed for PyTorch's generator at a step; None: before the first."""
        layer, step = (0, step) if step is not None else (1, 0)
        return int(self.words(Stream.OTHER, step, layer, 1)[0] >> np.uint64(1))
