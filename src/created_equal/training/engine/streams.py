"""Counter-based random numbers: Philox 4x64-10, keyed by ensemble and seed, without hidden state.

Word w of a draw is a function of (ensemble, seed, stream, step, layer, w) alone. So a network does
not depend on the networks that are trained before it or with it, and the same numbers can be
computed on any device: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
The reference is numpy's Philox with the key (ensemble, seed) and the counter (block, layer, step,
stream).
"""

from collections.abc import Collection, Mapping
from enum import IntEnum
from hashlib import blake2b

import numpy as np

from created_equal.definitions import canonical


class Stream(IntEnum):
    """The purposes of random numbers; each has a stream of its own."""

    INITIALIZATION = 0
    ORDER = 1
    DROPOUT = 2
    OTHER = 3  # seeds of PyTorch's generator, for modules that draw from it
    AUGMENTATION = 4  # of images in memory


# The names of the purposes in the key ``shared`` of an ensemble.
NOISES = {
    Stream.INITIALIZATION: "initialisation",
    Stream.ORDER: "mini_batches",
    Stream.AUGMENTATION: "mini_batches",
    Stream.DROPOUT: "dropout",
}


class Streams:
    """The random numbers of one network.

    Ensembles with different definitions (``streams_definition``, which excludes the version of the
    engine) get different numbers, so their networks are independent even if they share a seed. For
    ``shared`` NOISES a network gets the numbers of seed 0.
    """

    def __init__(self, definition: Mapping, seed: int, shared: Collection[str] = ()):
        ensemble = blake2b(canonical(definition).encode(), digest_size=8).digest()
        self.key = np.array([int.from_bytes(ensemble, "little"), seed], dtype=np.uint64)
        self._shared = shared

    def key_of(self, purpose: Stream) -> np.ndarray:
        """Return the key (ensemble, seed) of a purpose, (2,) uint64: seed 0 if it is shared."""
        is_shared = NOISES.get(purpose) in self._shared
        return self.key * np.array([1, 0], dtype=np.uint64) if is_shared else self.key

    def words(
        self, stream: Stream, step: int, layer: int, n_words: int, purpose: Stream | None = None
    ) -> np.ndarray:
        """Return (n_words,) random uint64; the purpose is by default the stream."""
        counter = np.array([0, layer, step, stream], dtype=np.uint64)
        key = self.key_of(stream if purpose is None else purpose)
        return np.random.Philox(key=key, counter=counter).random_raw(n_words)

    def random_bytes(self, stream: Stream, step: int, layer: int, n_bytes: int) -> np.ndarray:
        """Return (n_bytes,) random uint8: the words in little-endian order."""
        words = self.words(stream, step, layer, -(-n_bytes // 8))
        return words.astype("<u8", copy=False).view(np.uint8)[:n_bytes]

    def uniform(self, stream: Stream, step: int, layer: int, n_numbers: int) -> np.ndarray:
        """Return (n_numbers,) float32 in [0, 1): multiples of 2^-24, so exact on every device."""
        words = self.words(stream, step, layer, n_numbers)
        return (words >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)

    def permutation(self, epoch: int, n_examples: int) -> np.ndarray:
        """Return a random order of the examples: (n_examples,), the argsort of random words."""
        return np.argsort(self.words(Stream.ORDER, epoch, 0, n_examples), kind="stable")

    def sample(self, step: int, n_examples: int, size: int) -> np.ndarray:
        """Draw ``size`` of ``n_examples`` examples without replacement: (size,)."""
        words = self.words(Stream.ORDER, step, 1, n_examples)
        smallest = np.argpartition(words, size - 1)[:size]
        return smallest[np.argsort(words[smallest], kind="stable")]

    def torch_seed(self, purpose: Stream, step: int | None = None) -> int:
        """Return the seed of PyTorch's generator for a step, or for building (step None)."""
        layer, step = (0, step) if step is not None else (1, 0)
        return int(self.words(Stream.OTHER, step, layer, 1, purpose)[0] >> np.uint64(1))
