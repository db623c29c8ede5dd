import numpy as np
import pytest
import torch

from created_equal.errors import InputError
from created_equal.networks import Dropout


def layer(rate, seed=0):
    dropout = Dropout(rate)
    generator = np.random.default_rng(seed)

    def noise(n_bytes):
        return torch.from_numpy(generator.integers(256, size=n_bytes, dtype=np.uint8))

    dropout.noise = noise
    return dropout


@pytest.mark.parametrize("rate", [1 / 256, 0.1, 0.25, 0.5, 0.9, 255 / 256])
def test_rate_and_mean(rate):
    # The fractions of a million elements deviate by more than 5 standard deviations for 1 in 1.7
    # million seeds; the seed is fixed.
    output = layer(rate)(torch.ones(1_000_000))
    rounded = round(256 * rate) / 256
    assert abs(rounded - rate) <= 1 / 512
    deviation = (rounded * (1 - rounded) / 1e6) ** 0.5
    assert abs((output == 0).double().mean().item() - rounded) < 5 * deviation
    assert abs(output.double().mean().item() - 1) < 5 * deviation / (1 - rounded)
    assert torch.allclose(output[output != 0], torch.tensor(1 / (1 - rounded)))


def test_each_byte_decides_about_one_element():
    dropout = Dropout(0.5)
    dropout.noise = lambda n_bytes: torch.tensor([0, 127, 128, 255], dtype=torch.uint8)
    assert dropout(torch.tensor([1.0, 2.0, 3.0, 4.0])).tolist() == [0, 0, 6, 8]


def test_bytes_are_in_the_order_example_height_width_channel():
    dropout = Dropout(0.5)
    dropout.noise = lambda n_bytes: (128 * (torch.arange(n_bytes) % 3 == 1)).to(torch.uint8)
    masked = dropout(torch.ones(2, 3, 4, 5))
    assert (masked[:, 1] == 2).all()
    assert not masked[:, [0, 2]].any()


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (7, 3)])
def test_the_mask_does_not_depend_on_the_memory_layout(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    other = x.to(memory_format=torch.channels_last) if x.dim() == 4 else x.T.contiguous().T
    assert other.stride() != x.stride()
    assert torch.equal(layer(0.25)(x), layer(0.25)(other))


def test_gradients_pass_through_kept_elements_only():
    x = torch.ones(100, requires_grad=True)
    output = layer(0.25)(x)
    output.sum().backward()
    assert torch.equal(x.grad, output.detach())
    assert 0 < (x.grad == 0).sum() < 100


def test_bf16_stays_bf16():
    assert layer(0.25)(torch.ones(8, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_nothing_is_dropped_in_evaluation_or_at_rate_zero():
    x = torch.ones(5)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x


@pytest.mark.parametrize("rate", [-0.1, 1e-4, 0.0039, 0.9961, 0.999, 1.0])
def test_a_rate_that_would_be_rounded_to_0_or_1_is_rejected(rate):
    with pytest.raises(
        InputError, match=f"layer has the rate {rate}; give 0, or a rate from 1/256"
    ):
        Dropout(rate)


def test_dropout_without_noise_is_an_error():
    with pytest.raises(RuntimeError, match=r"^Dropout\.noise is not set"):
        Dropout(0.5)(torch.ones(5))
