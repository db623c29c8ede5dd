import numpy as np
import pytest

from created_equal.errors import InputError
from created_equal.networks import build_network, count_flops
from created_equal.training import count_operations, measure, measure_costs
from created_equal.training.engine.device import choose_setting
from created_equal.training.measure import Cost, _cost, _share, measured_batch_size

CPU = choose_setting("cpu", "fp32")


def test_operations_by_hand(tiny):
    ensemble = tiny(epochs=3, batch_size=20)
    network = build_network(ensemble.architecture, ensemble.recipe, (16, 16, 1), 10)
    predicting, training = count_flops(network, (16, 16, 1))
    operations = count_operations(ensemble, (90, 30), (16, 16, 1), 10)
    # An epoch has four mini-batches; there are predictions before the first and after each epoch.
    assert operations == 3 * 80 * training + 4 * 120 * predicting


def test_operations_of_the_papers_main_ensemble(tiny):
    ensemble = tiny(width=1.0, epochs=140, batch_size=100)
    operations = count_operations(ensemble, (2500, 500), (32, 32, 3), 5)
    # 100 networks take 13.33 PFLOP, 9.48 of them for training, without the predictions of epoch 0.
    assert 100 * operations / 1e15 == pytest.approx(13.33, abs=0.04)


def test_the_cost_of_a_network_by_hand(tiny):
    cost = Cost(trained=2.0, predicted=0.5, uncertainty=0.1)
    # An epoch trains 80 images, in four mini-batches; 120 images are predicted four times.
    assert cost.of_network(tiny(epochs=3, batch_size=20), (90, 30)) == 3 * 80 * 2 + 4 * 120 * 0.5


def test_large_mini_batches_are_measured_by_smaller_ones(tiny):
    sizes = [
        measured_batch_size(tiny(batch_size=size), (16, 16, 1), 10, "cpu") for size in (20, 5000)
    ]
    assert sizes == [20, 99]


def test_large_images_are_measured_by_fewer(tiny):
    wide, shape = tiny(width=1.0, batch_size=100), (256, 256, 3)
    _, training = count_flops(build_network(wide.architecture, wide.recipe, shape, 10), shape)
    size = measured_batch_size(wide, shape, 10, "cpu")
    assert 1 < size < 99
    # As few as have 3e11 operations.
    assert (size - 1) * training < 3e11 <= size * training
    assert measured_batch_size(wide, shape, 10, "cuda") == 99


def test_wider_networks_cost_more_on_a_machine_of_any_load(tiny):
    kinds = [(tiny(width=width, batch_size=50), (16, 16, 1), 10) for width in (0.125, 1.0)]
    (narrow, wide), share = measure_costs(kinds, CPU, jobs=2, seconds=1)
    assert wide.trained > 2 * narrow.trained > 0
    assert wide.predicted > 2 * narrow.predicted > 0
    assert wide.trained > wide.predicted
    assert 0 < share.mean <= 1.05
    assert share.uncertainty >= 0
    assert narrow.uncertainty >= 0.15


def test_the_fastest_step_counts_and_one_step_is_less_certain_than_many():
    steps = np.array([[2.0, 1.0], [2.2, 0.8], [2.0, 1.2]])
    cost = _cost(steps)
    # The middle one of 3.0, 3.0 and 3.2 seconds, over the fastest 2.0 + 0.8.
    assert cost == (2.0, 0.8, pytest.approx(np.hypot(0.2, 3.0 / 2.8 - 1)))
    assert _cost(steps[:1]) == (2.0, 1.0, pytest.approx(0.3))


def test_each_kind_is_measured_once_even_if_the_time_is_over_before(tiny, monkeypatch):
    taken = []
    monkeypatch.setattr(measure, "_take_step", lambda *pair: taken.append(pair) or np.ones(2))
    kinds = [(tiny(width=width), (16, 16, 1), 10) for width in (0.125, 0.25)]
    costs, _ = measure_costs(kinds, CPU, jobs=1, seconds=0)
    assert len(taken) == 2
    assert [cost.uncertainty for cost in costs] == [pytest.approx(0.3)] * 2


def test_the_share_of_a_core_by_hand():
    # Two steps of a process that got all of a core, and half of it for twice as long.
    share = _share(np.array([[1.0, 1.0], [1.0, 2.0]]))
    assert share.mean == pytest.approx(2 / 3)
    assert share.uncertainty == pytest.approx(np.sqrt((1 / 9 + 2 / 36) / 3) * 3 / 2)


def test_more_classes_than_measured_examples(tiny):
    ((cost,), _) = measure_costs([(tiny(batch_size=2), (16, 16, 3), 500)], CPU, 1, 0)
    assert cost.trained > 0


def test_images_that_are_too_small_are_rejected(tiny):
    with pytest.raises(InputError, match=r"^images of 8 x 8 pixels do not fit st_vgg"):
        measure_costs([(tiny(), (8, 8, 1), 10)], CPU, 1, 0)
