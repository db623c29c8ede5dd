import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import load, problems

from created_equal.errors import InputError
from created_equal.study import chosen_path, dataset_path, derivation, load_study

pytestmark = pytest.mark.usefixtures("folder")
HARDEST = {"keep": "hardest", "fraction": 0.2, "per_round": 0.2, "ranked_by": "a"}
SHARES = st.integers(1, 999).map(lambda thousandths: thousandths / 1000)


def study_of(dataset, examples=None, **ensemble):
    return {
        "title": "A study",
        "dataset": {"source": "digits"} | ({"train_examples": examples} if examples else {}),
        "networks": 9,
        "recipe": {"batch_size": 20},
        "ensembles": {
            "a": {"architecture": "st_vgg"},
            "b": {"architecture": "st_vgg", "dataset": dataset, **ensemble},
        },
    }


def ensembles_of(values, n_networks=None):
    return load(values, n_networks=n_networks).ensembles


# cuts


def test_shares_by_hand():
    of_original = {"fraction": 0.2, "per_round": 0.3}
    assert derivation.shares(of_original) == [Fraction(7, 10), Fraction(4, 10), Fraction(2, 10)]
    of_rest = of_original | {"of": "rest", "per_round": 0.5}
    assert derivation.shares(of_rest) == [Fraction(1, 2), Fraction(1, 4), Fraction(1, 5)]
    assert derivation.shares({"fraction": 0.2}) == [Fraction(1, 5)]


def test_the_paper_s_cuts():
    keep = {"keep": "hardest", "fraction": 0.2, "per_round": 0.02}
    assert derivation.sizes(keep, 2500) == list(range(2500, 499, -50))
    assert len(derivation.shares(keep | {"of": "rest"})) == 80


def test_fractions_are_exact_decimals():
    # In binary 0.29 * 100 is a little less than 29.
    assert derivation.sizes({"move_to_test": "random", "fraction": 0.29}, 100) == [100, 71]
    assert derivation.sizes({"move_to_test": "random", "fraction": 0.025}, 2500) == [2500, 2438]


@given(SHARES, st.integers(10, 999), st.sampled_from(["original", "rest"]))
def test_shares_fall_to_the_fraction_by_no_more_than_per_round(fraction, thousandths, of):
    per_round = thousandths / 1000
    left = [
        Fraction(1),
        *derivation.shares({"fraction": fraction, "per_round": per_round, "of": of}),
    ]
    if len(left) <= derivation.MOST_CUTS + 1:
        assert left[-1] == Fraction(str(fraction))
    for before, after in pairwise(left):
        assert 0 < before - after <= Fraction(str(per_round)) * (before if of == "rest" else 1)


# expansion


def test_rounds_are_ensembles_that_rank_for_the_next():
    ensembles = ensembles_of(study_of({**HARDEST, "networks_per_round": 3}))
    assert list(ensembles) == ["a", "b_round_01", "b_round_02", "b_round_03", "b"]
    rounds = list(ensembles.values())[1:]
    assert [each.ranked_by for each in rounds] == ["a", "b_round_01", "b_round_02", "b_round_03"]
    assert [each.n_networks for each in rounds] == [3, 3, 3, 9]
    assert [each.derived["cut"] for each in rounds] == [1, 2, 3, 4]
    assert [each.is_round for each in ensembles.values()] == [False, True, True, True, False]
    assert all(each.name == name for name, each in ensembles.items())
    assert (
        ensembles["b"].dataset_path == dataset_path("one", "b") == Path("results/one/b/dataset.nc")
    )
    assert ensembles["a"].dataset_path == dataset_path("one") == Path("results/one/dataset.nc")
    assert chosen_path("one", "b") == Path("results/one/b/chosen.csv")


@pytest.mark.parametrize(
    ("entry", "ranked_by", "expected"),
    [
        ({"labels": "random"}, None, {"labels": "random", "seed": 0}),
        (
            {"move_to_test": "easiest", "fraction": 0.1, "ranked_by": "a"},
            "a",
            {"move_to_test": "easiest", "fraction": 0.1},
        ),
        (
            {"move_to_test": "random", "fraction": 0.1, "seed": 4},
            None,
            {"move_to_test": "random", "fraction": 0.1, "seed": 4},
        ),
        (
            {"keep": "random", "fraction": 0.1},
            None,
            {
                "keep": "random",
                "fraction": 0.1,
                "seed": 0,
                "per_round": None,
                "of": "original",
                "balanced": False,
                "cut": 1,
            },
        ),
    ],
)
def test_one_step_is_one_ensemble_with_all_defaults_in_its_definition(entry, ranked_by, expected):
    ensembles = ensembles_of(study_of(entry))
    assert list(ensembles) == ["a", "b"]
    derived = dict(ensembles["b"].derived)
    assert ensembles["b"].ranked_by == ranked_by
    assert (derived.pop("ranked_by", None) is None) == (ranked_by is None)
    assert derived == expected
    assert ensembles["b"].definition["dataset"]["derived"] == ensembles["b"].derived


def test_the_ranking_ensemble_is_part_of_the_definition_by_its_digest():
    def digests(values, n_networks=None):
        return [
            each.derived["ranked_by"]
            for each in list(ensembles_of(values, n_networks).values())[1:]
        ]

    values = study_of(HARDEST)
    first = digests(values)
    assert len(set(first)) == 4
    assert digests(values, n_networks=9) == first
    # More networks or another recipe rank differently; another name does not.
    assert not set(digests(values, n_networks=10)) & set(first)
    values["ensembles"]["a"]["recipe"] = {"epochs": 7}
    assert not set(digests(values)) & set(first)
    renamed = study_of({**HARDEST, "ranked_by": "c"})
    renamed["ensembles"] = {
        "c": renamed["ensembles"]["a"],
        "b": renamed["ensembles"]["b"],
    }
    assert digests(renamed) == first


def test_definitions_do_not_grow_with_the_rounds():
    ensembles = ensembles_of(study_of({**HARDEST, "per_round": 0.01}))
    assert len(ensembles) == 81
    sizes = {len(json.dumps(each.definition)) for each in ensembles.values() if each.derived}
    assert max(sizes) - min(sizes) <= 1


def test_the_override_of_networks_holds_for_rounds_too():
    ensembles = ensembles_of(study_of({**HARDEST, "networks_per_round": 3}), n_networks=5)
    assert {each.n_networks for each in ensembles.values()} == {5}


def test_linear_depth_kernel_and_units_are_in_the_definition():
    values = study_of({"labels": "random"}, linear=True, depth=3, kernel=5, units=64)
    values["recipe"]["activation"] = "tanh"
    definition = ensembles_of(values)["b"].definition
    assert {key: definition[key] for key in ("linear", "depth", "kernel", "units")} == {
        "linear": True,
        "depth": 3,
        "kernel": 5,
        "units": 64,
    }
    assert definition["recipe"]["activation"] is None


def test_small_mammals_has_every_ablation_of_the_paper(repository):
    for name in ("small_mammals", "digits", "smoke"):
        ensembles = load_study(name).ensembles
        assert ensembles["linear_st_vgg"].architecture.linear
        assert ensembles["random_labels"].derived["labels"] == "random"
        assert ensembles["random_labels"].recipe.dropout is False
        for kind in ("easiest", "hardest", "random"):
            assert ensembles[f"{kind}_moved"].derived["move_to_test"] == kind
        for kind in ("hardest", "random"):
            derived = ensembles[f"{kind}_fifth"].derived
            assert (derived["keep"], derived["fraction"]) == (kind, 0.2)
    rounds = [each for each in load_study("small_mammals").ensembles.values() if each.is_round]
    assert len(rounds) == 2 * 39  # the paper's, and those of the balanced fifth


# invalid entries


MOVE = {"move_to_test": "easiest", "fraction": 0.1, "ranked_by": "a"}


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        ({}, "ensembles.b.dataset needs one of labels, move_to_test, half, keep; add it."),
        ({"fraction": 0.5}, "ensembles.b.dataset needs one of labels, move_to_test, half, keep; a"),
        ({"labels": "shuffled"}, "ensembles.b.dataset.labels is 'shuffled', which is not known;"),
        ({"keep": "hardst", "fraction": 0.5}, "ensembles.b.dataset.keep is 'hardst', which is not"),
        ({"keep": "random"}, "ensembles.b.dataset.fraction is missing; add it."),
        ({"keep": "hardest", "fraction": 0.5}, "ensembles.b.dataset.ranked_by is missing; add it."),
        ({"move_to_test": "easiest", "fraction": 0.5}, "ensembles.b.dataset.ranked_by is missing;"),
        (
            MOVE | {"fraction": 1},
            "ensembles.b.dataset.fraction must be a number above 0 and below 1, but is 1.",
        ),
        (
            {"keep": "hardest", "fraction": 0.5, "ranked_by": "a", "of": "rest"},
            "ensembles.b.dataset.per_round is missing; add it.",
        ),
        (
            {"keep": "hardest", "fraction": 0.5, "ranked_by": "a", "networks_per_round": 3},
            "ensembles.b.dataset.per_round is missing; add it.",
        ),
        ({"keep": "hardest", "fraction": 2, "ranked_by": "a"}, "ensembles.b.dataset.fraction must"),
        (
            MOVE | {"labels": "random"},
            "ensembles.b.dataset has labels and move_to_test; give each an ensemble of its own.",
        ),
        (
            MOVE | {"balanced": True},
            "ensembles.b.dataset.balanced does not go with move_to_test; leave it out.",
        ),
        (
            {"labels": "random", "ranked_by": "a"},
            "ensembles.b.dataset.ranked_by does not go with labels; leave it out.",
        ),
        (
            {"keep": "random", "fraction": 0.5, "ranked_by": "a"},
            "ensembles.b.dataset.ranked_by is only for the easiest and the hardest examples; leave",
        ),
        (
            {"keep": "random", "fraction": 0.5, "per_round": 0.1},
            "ensembles.b.dataset.per_round is only for the easiest and the hardest examples; leave",
        ),
        (MOVE | {"seed": 1}, "ensembles.b.dataset.seed is only for random examples; leave it out."),
        (
            MOVE | {"ranked_by": "c"},
            "ensembles.b.dataset.ranked_by is c, which is not among the ensembles; use a.",
        ),
        (
            MOVE | {"ranked_by": "b"},
            "ensembles.b.dataset.ranked_by is b itself, which is trained too late; use a.",
        ),
        (
            HARDEST | {"per_round": 0.81},
            "ensembles.b.dataset.per_round is 0.81, but only 0.8 of the train set is to be removed",
        ),
        (
            HARDEST | {"per_round": 0.003},
            "ensembles.b.dataset.per_round is 0.003, which makes more than 200 rounds; make it",
        ),
    ],
)
def test_one_mistake_is_one_sentence(dataset, sentence):
    (message,) = problems(study_of(dataset))
    assert message.startswith(sentence)
    assert message.endswith((".", "?"))


@pytest.mark.parametrize(
    ("dataset", "examples", "sentence"),
    [
        (MOVE | {"fraction": 0.005}, 100, "a step would change none of 100 train examples; raise"),
        (HARDEST | {"per_round": 0.01}, 90, "a step would change none of 81 train examples; raise"),
        (HARDEST, 50, "it leaves 10 train examples, fewer than one mini-batch of 20; change fr"),
        (MOVE | {"fraction": 0.9}, 100, "it leaves 10 train examples, fewer than one mini-batch"),
    ],
)
def test_impossible_sizes_are_reported_if_the_train_set_is_known(dataset, examples, sentence):
    load(study_of(dataset))
    (message,) = problems(study_of(dataset, examples))
    assert message.startswith(f"ensembles.b.dataset: {sentence}")


def test_sizes_are_rounded_down():
    # 0.91 and 0.90 of 90 are both 81: the tenth cut takes none, which is the error above.
    left = derivation.sizes(HARDEST | {"per_round": 0.01}, 90)
    assert left[:4] == [90, 89, 88, 87]
    assert left[8:12] == [82, 81, 81, 80]
    assert left[-1] == 18


def test_a_ranking_by_a_derived_dataset_or_in_a_circle_is_an_error():
    values = study_of(MOVE | {"ranked_by": "c"})
    values["ensembles"]["c"] = {"architecture": "st_vgg", "dataset": MOVE | {"ranked_by": "b"}}
    message = problems(values)
    assert len(message) == 2
    assert all("which is trained on a dataset of its own" in each for each in message)
    assert all(each.endswith("use a.") for each in message)


def test_the_name_of_a_round_is_reserved():
    values = study_of(HARDEST)
    values["ensembles"]["b_round_03"] = {"architecture": "st_vgg"}
    with pytest.raises(InputError, match="b_round_03 has the name of a round of b; rename"):
        load(values)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"depth": 1}, "ensembles.b.depth changes only st_vgg, small_st_vgg, mnist_cnn, not resne"),
        ({"kernel": 3}, "ensembles.b.kernel changes only st_vgg, small_st_vgg, mnist_cnn, not res"),
        ({"units": 3}, "ensembles.b.units changes only st_vgg, small_st_vgg, mnist_cnn, not resne"),
        (
            {"linear": True, "recipe": {"activation": "relu"}},
            "ensembles.b is linear, but its recipe.activation is relu; leave one of them out.",
        ),
    ],
)
def test_variations_that_an_architecture_does_not_have(changes, sentence):
    values = study_of({"labels": "random"})
    values["ensembles"]["b"] = {"architecture": "resnet18", **changes}
    (message,) = problems(values)
    assert message.startswith(sentence)
