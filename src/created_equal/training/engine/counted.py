"""The random numbers of ``streams``, computed on the device where they are used.

The same words as numpy's, by the same generator: Philox 4x64-10 with the key (ensemble, network)
and the counter (block, layer, step, stream). A GPU's own generators are not used, because what they
draw depends on its number of multiprocessors.
"""

import torch

from created_equal.training.engine.streams import Stream, Streams

WORDS_PER_BLOCK = 4
BLOCKS_PER_PROGRAM = 256
# Unsigned words lie in signed ones; this bit turned, their order is the same.
LOWEST = torch.iinfo(torch.int64).min


class CountedOnDevice:
    """The random numbers of one network on a device; the step is read there too.

    Args:
        streams: the network's, which they equal.
        step: () int64 on the device: the mini-batches that are finished.
    """

    def __init__(self, streams: Streams, step: torch.Tensor):
        self._streams, self._step = streams, step
        self._key = torch.from_numpy(streams.key.view("int64")).to(step.device)

    def octets(self, stream: Stream, layer: int, number: int) -> torch.Tensor:
        """Return ``Streams.octets`` of the step: (number,) uint8."""
        words = self.words(stream, self._step, layer, -(-number // 8))
        return words.view(torch.uint8)[:number]

    def permutation(self, epoch: int, examples: int) -> torch.Tensor:
        """Return ``Streams.permutation``: (examples,) int64."""
        epoch = torch.full_like(self._step, epoch)
        return ranks(self.words(Stream.ORDER, epoch, 0, examples))

    def sample(self, examples: int, size: int) -> torch.Tensor:
        """Return ``Streams.sample`` of the step: (size,) int64."""
        return ranks(self.words(Stream.ORDER, self._step, 1, examples))[:size]

    def words(self, stream: Stream, step: torch.Tensor, layer: int, number: int) -> torch.Tensor:
        """Return ``Streams.words``: (number,) int64 with the bits of the unsigned words."""
        if step.is_cuda:
            return draw_words(self._key, stream, step, layer, number)
        words = self._streams.words(stream, int(step), layer, number)
        return torch.from_numpy(words.view("int64"))


def draw_words(
    key: torch.Tensor, stream: int, step: torch.Tensor, layer: int, number: int
) -> torch.Tensor:
    """Return random words by a kernel on the device of ``key``.

    Args:
        key: (2,) int64, the bits of ``Streams.key``, or (network, 2) of several networks.
        stream: a ``Stream``.
        step: () int64 on the same device.
        layer: a part of the counter, as the stream and the step are.
        number: of words.

    Returns:
        (number,) int64 with the bits of the unsigned words, or (network, number).
    """
    # Not at the top: Triton is not needed, and on some platforms not there, where no GPU is.
    from created_equal.training.engine.philox import philox_words

    words = torch.empty((*key.shape[:-1], number), dtype=torch.int64, device=key.device)
    grid = -(-number // (WORDS_PER_BLOCK * BLOCKS_PER_PROGRAM)), key.numel() // 2
    philox_words[grid](words, key, step, layer, int(stream), number, BLOCKS_PER_PROGRAM)
    return words


def ranks(words: torch.Tensor) -> torch.Tensor:
    """Return the orders in which unsigned words (..., number) come by size, int64 of that shape."""
    return torch.argsort(words ^ LOWEST, stable=True)
