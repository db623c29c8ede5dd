from dataclasses import replace

import pytest

from created_equal.errors import InputError
from created_equal.networks import build_network, count_flops
from created_equal.training import measure_cost
from created_equal.training.engine.device import choose_setting

CPU = choose_setting("cpu", "fp32")


def test_operations_of_a_network_by_hand(tiny):
    ensemble = tiny(epochs=3, batch_size=20)
    network = build_network("st_vgg", 0.125, "elu", True, (16, 16, 1), 10)
    predicting, training = count_flops(network, (16, 16, 1))
    cost = measure_cost(ensemble, (90, 30), (16, 16, 1), 10, CPU)
    # Four whole mini-batches an epoch; everything is predicted before the first and after each.
    assert cost.flops == 3 * 80 * training + 4 * 120 * predicting
    assert 0 < cost.seconds < 60


def test_the_papers_main_ensemble(tiny):
    ensemble = tiny(width=1.0, epochs=140, batch_size=100)
    cost = measure_cost(ensemble, (2500, 500), (32, 32, 3), 5, CPU)
    # FACTS: 13.33 PFLOP for 100 networks, of which 9.48 training; here epoch 0 is predicted too.
    assert 100 * cost.flops / 1e15 == pytest.approx(13.33, abs=0.04)


def test_time_grows_with_epochs_and_examples(tiny):
    # Ten times the work takes more than thrice the time, whatever else the machine does.
    short = measure_cost(tiny(epochs=2), (100, 100), (16, 16, 1), 10, CPU)
    long = measure_cost(tiny(epochs=20), (1000, 1000), (16, 16, 1), 10, CPU)
    assert long.seconds > 10 * short.seconds


def test_more_classes_than_the_examples_that_are_measured(tiny):
    assert measure_cost(tiny(batch_size=2), (500, 500), (16, 16, 3), 200, CPU).flops > 0


def test_images_too_small(tiny):
    with pytest.raises(InputError, match=r"^images of 8 x 8 pixels are too small for st_vgg"):
        measure_cost(replace(tiny()), (90, 30), (8, 8, 1), 10, CPU)
