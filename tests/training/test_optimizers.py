import pytest
import torch
from torch import nn

from created_equal.study import Decay, Recipe
from created_equal.training.engine.optimizers import learning_rate, make_optimizer


def take_steps(recipe, steps=1, gradient=0.5):
    """Return a weight and all values of biases and normalization after some steps from 1."""
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = make_optimizer(network, recipe)
    for parameter in network.parameters():
        nn.init.ones_(parameter)
    for _ in range(steps):
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
    weights, *others = [parameter.detach() for parameter in network.parameters()]
    return weights[0, 0].item(), {value for other in others for value in other.tolist()}


def test_a_step_of_sgd_with_weight_decay_on_weights_only():
    recipe = Recipe(learning_rate=0.25, weight_decay=0.5)
    weight, others = take_steps(recipe)
    assert weight == 1 - 0.25 * (0.5 + 0.5 * 1)
    assert others == {1 - 0.25 * 0.5}


def test_a_step_of_sgd_with_weight_decay_on_all():
    weight, others = take_steps(Recipe(learning_rate=0.25, weight_decay=0.5, weight_decay_on="all"))
    assert {weight} == others == {1 - 0.25 * (0.5 + 0.5 * 1)}


def test_two_steps_with_momentum():
    weight, _ = take_steps(Recipe(learning_rate=0.25, momentum=0.5), steps=2)
    assert weight == 1 - 0.25 * 0.5 - 0.25 * (0.5 * 0.5 + 0.5)


def test_the_first_step_of_adam_is_the_learning_rate():
    weight, others = take_steps(Recipe(optimizer="adam", learning_rate=0.25))
    assert weight == pytest.approx(0.75)
    assert others == {weight}


def test_the_first_step_of_adadelta():
    # By Zeiler (2012): the mean squared gradient is 0.05 x 0.25, that of updates 0, plus eps each.
    weight, _ = take_steps(Recipe(optimizer="adadelta", learning_rate=1.0))
    step = (1e-7 / (0.05 * 0.25 + 1e-7)) ** 0.5 * 0.5
    assert 1 - weight == pytest.approx(step, rel=1e-3)


@pytest.mark.parametrize("optimizer", ["adam", "adadelta"])
def test_adam_and_adadelta_add_weight_decay_to_the_gradient(optimizer):
    decayed, others = take_steps(Recipe(optimizer=optimizer, weight_decay=0.5), gradient=0.0)
    assert others == {1}
    # Decay adds 0.5 to the gradient, so the weight moves as with a gradient of 0.5.
    assert decayed == take_steps(Recipe(optimizer=optimizer), gradient=0.5)[0] < 1


def test_a_network_without_biases_has_one_group():
    network = nn.Linear(2, 2, bias=False)
    assert len(make_optimizer(network, Recipe()).param_groups) == 1


def test_the_learning_rate_is_divided_every_few_epochs():
    recipe = Recipe(learning_rate=0.5, decay=Decay(factor=2.0, every=3))
    assert [learning_rate(recipe, epoch) for epoch in range(1, 9)] == (
        [0.5] * 3 + [0.25] * 3 + [0.125] * 2
    )
    paper = Recipe(learning_rate=0.05, decay=Decay(factor=1.8, every=20))
    assert learning_rate(paper, 20) == 0.05
    assert learning_rate(paper, 21) == pytest.approx(0.02777778)
    assert learning_rate(paper, 140) == pytest.approx(0.05 / 1.8**6)


def test_a_learning_rate_that_is_divided_too_often_is_0():
    recipe = Recipe(learning_rate=0.5, decay=Decay(factor=10.0, every=1))
    assert learning_rate(recipe, 309) > 0
    assert learning_rate(recipe, 310) == 0


def test_without_decay_the_learning_rate_is_constant():
    assert {learning_rate(Recipe(learning_rate=0.5), epoch) for epoch in range(1, 100)} == {0.5}
