"""The random numbers of ``streams``, computed on the device that uses them.

They are equal to numpy's, bit for bit: Philox 4x64-10 with the key (ensemble, seed) and the counter
(block, layer, step, stream). CUDA's own generators are not used, because their numbers depend on
the GPU's number of multiprocessors.
"""

import torch

from created_equal.training.engine.streams import Stream, Streams

WORDS_PER_BLOCK = 4
BLOCKS_PER_PROGRAM = 256
# PyTorch sorts signed integers only. XOR with the sign bit makes the signed order equal to the
# unsigned order.
SIGN_BIT = torch.iinfo(torch.int64).min


class DeviceStreams:
    """The numbers of a network's streams; step () int64 on the device counts its mini-batches."""

    def __init__(self, streams: Streams, step: torch.Tensor):
        self._streams, self._step = streams, step
        self._keys = {
            stream: torch.from_numpy(streams.key_of(stream).view("int64")).to(step.device)
            for stream in Stream
        }

    def random_bytes(self, stream: Stream, layer: int, n_bytes: int) -> torch.Tensor:
        """Return ``Streams.random_bytes`` at the current step: (n_bytes,) uint8."""
        words = self.words(stream, self._step, layer, -(-n_bytes // 8))
        return words.view(torch.uint8)[:n_bytes]

    def permutation(self, epoch: int, n_examples: int) -> torch.Tensor:
        """Return ``Streams.permutation``: (n_examples,) int64."""
        epoch = torch.full_like(self._step, epoch)
        return argsort_unsigned(self.words(Stream.ORDER, epoch, 0, n_examples))

    def sample(self, n_examples: int, size: int) -> torch.Tensor:
        """Return ``Streams.sample`` at the current step: (size,) int64."""
        return argsort_unsigned(self.words(Stream.ORDER, self._step, 1, n_examples))[:size]

    def words(self, stream: Stream, step: torch.Tensor, layer: int, n_words: int) -> torch.Tensor:
        """Return ``Streams.words``: (n_words,) int64 with the bits of the unsigned words."""
        if step.is_cuda:
            return draw_words(self._keys[stream], stream, step, layer, n_words)
        words = self._streams.words(stream, int(step), layer, n_words)
        return torch.from_numpy(words.view("int64"))


def draw_words(
    key: torch.Tensor, stream: int, step: torch.Tensor, layer: int, n_words: int
) -> torch.Tensor:
    """Draw ``Streams.words`` by a kernel on the device of ``key``, as signed int64.

    With the bits of one ``Streams.key``, (2,) int64, they are (n_words,); with those of several
    networks, (network, 2), they are (network, n_words).
    """
    # Imported late, because Triton is needed on GPUs only and does not exist on every platform.
    from created_equal.training.engine.philox import philox_words

    words = torch.empty((*key.shape[:-1], n_words), dtype=torch.int64, device=key.device)
    grid = -(-n_words // (WORDS_PER_BLOCK * BLOCKS_PER_PROGRAM)), key.numel() // 2
    philox_words[grid](words, key, step, layer, int(stream), n_words, BLOCKS_PER_PROGRAM)
    return words


def argsort_unsigned(words: torch.Tensor) -> torch.Tensor:
    """Argsort unsigned words (..., n) stored as int64; the result is int64 of the same shape."""
    return torch.argsort(words ^ SIGN_BIT, stable=True)
