import numpy as np
import pytest
import torch
import ways
from one_way import measure, measure_as_many_as_fit

from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.plain import train_network

pytestmark = pytest.mark.usefixtures("small_product")


@pytest.fixture
def small_product(monkeypatch):
    """A matrix product that takes no time."""
    monkeypatch.setattr("one_way.PRODUCT", {"cpu": 64})


@pytest.fixture
def images(digits):
    return Images(digits, choose_setting("cpu", "fp32"))


def test_what_was_learnt_is_that_of_the_workflows_networks(tiny, images):
    found = measure("engine", tiny(epochs=3), images, [0, 1], limit=None)
    labels = images.labels.numpy()
    right = np.array(
        [
            [each.predictions == labels for each in train_network(tiny(epochs=3), number, images)]
            for number in (0, 1)
        ]
    )
    assert found["done"] == found["networks"] == 2
    assert np.array_equal(found["learnt"], right[:, 1:].sum(axis=1))
    test = images.splits[1].numpy()
    assert found["accuracies"] == pytest.approx(right[:, -1, test].mean(axis=1))


def test_a_way_ends_after_the_limit(tiny, images):
    found = measure("engine", tiny(epochs=40), images, [0, 1], limit=1e-6)
    whole = measure("engine", tiny(epochs=2), images, [0], limit=None)
    assert found["networks"] == 2
    assert found["done"] == pytest.approx(2 / 40)
    assert found["learnt"] == []
    assert len(found["accuracies"]) == 1
    assert found["operations"] == pytest.approx(whole["operations"])


def test_half_as_many_networks_where_memory_is_too_small(tiny, images, monkeypatch):
    tried = []

    def too_large(ensemble, numbers, images):
        tried.append(list(numbers))
        if len(numbers) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        yield from ways.WAYS["loop"](ensemble, numbers, images)

    monkeypatch.setitem(ways.WAYS, "large", too_large)
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda: None)
    found = measure_as_many_as_fit("large", tiny(epochs=1), images, range(9), None)
    assert tried == [list(range(9)), list(range(4)), [0, 1]]
    assert found["networks"] == found["done"] == 2
