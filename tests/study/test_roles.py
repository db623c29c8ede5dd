from dataclasses import replace

import pytest

from created_equal.study import (
    baselines_in,
    ensembles_behind,
    ensembles_in,
    load_study,
    names_in,
    roles_of,
)

ROLES = {
    "figure_05.linear": ("linear_st_vgg",),
    "figure_04.ensembles": ("one", "two"),
    "figure_07.baselines": ("baselines/svm", "baselines/perceptron"),
}


@pytest.mark.parametrize(
    "role, names",
    [
        ("figure_05.linear", ("linear_st_vgg",)),
        ("figure_04.ensembles", ("one",)),
        ("figure_04.ensembles:1", ("two",)),
        ("figure_04.ensembles:2", ()),
        ("figure_04.ensembles:*", ("one", "two")),
        ("figure_07.baselines:perceptron", ("baselines/perceptron",)),
        ("figure_07.baselines:decision_tree", ()),
        ("figure_08.hard", ()),
        ("robustness.ensembles:*", ()),
    ],
)
def test_names_in_a_role(role, names):
    assert names_in(role, ROLES) == names


def test_ensembles_and_baselines_are_distinguished():
    assert ensembles_in(ROLES) == ["linear_st_vgg", "one", "two"]
    assert baselines_in(ROLES) == ["svm", "perceptron"]


@pytest.mark.parametrize("name", ["digits", "smoke", "small_mammals"])
def test_roles_of_the_studies_that_have_all_figures(name):
    study = load_study(name)
    roles = roles_of(study)
    assert roles["figure_05.linear"] == ("linear_st_vgg",)
    assert roles["figure_08.random"] == ("random_fifth",)
    assert set(ensembles_in(roles)) <= set(study.ensembles)
    assert set(baselines_in(roles)) <= set(study.baselines)
    behind = ensembles_behind(study)
    rounds = {name for name in study.ensembles if name.startswith("hardest_fifth_round_")}
    assert bool(rounds) == (name != "digits")  # Its hardest fifth is cut at once.
    assert {*rounds, *ensembles_in(roles)} <= set(behind)
    assert len(behind) == len(set(behind))


def test_the_balanced_hardest_alone_are_compared_with_random_ones_too():
    study = load_study("smoke")
    entry = {"random_labels": "random_labels", "hard_balanced": "hardest_fifth"}
    balanced = roles_of(replace(study, figures={"figure_08": entry}))
    entry = {"random_labels": "random_labels", "hard": "hardest_fifth"}
    assert balanced == roles_of(replace(study, figures={"figure_08": entry}))
    assert balanced["figure_08.random"] == ("random_fifth",)


def test_a_study_without_the_figures_has_no_such_roles():
    roles = roles_of(load_study("mnist"))
    assert "figure_08.hard" not in roles and "figure_08.random" not in roles
    assert all(names for names in roles.values())
