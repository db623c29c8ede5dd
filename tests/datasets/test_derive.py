from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from created_equal.artefacts import fingerprint, make_dataset
from created_equal.datasets.derive import derive_dataset, shuffle_labels
from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.study import Architecture, Ensemble, Recipe, derivation
from created_equal.study.keys import DerivedEntry

RANKING = {"architecture": "st_vgg", "dataset": {"source": "digits"}}
NETWORKS = 4
DATASETS = st.tuples(st.integers(2, 4), st.integers(20, 60), st.integers(0, 2**31))


def make(classes=3, train=30, seed=0, test=12):
    """Make a random dataset with gaps between positions and test examples among train examples."""
    generator = np.random.default_rng(seed)
    total = train + test
    labels = np.arange(total) % classes
    generator.shuffle(labels)
    is_test = np.zeros(total, dtype=bool)
    # The first two examples of each class stay in the train set, so that no class is empty.
    late = [k for k in range(total) if np.sum(labels[:k] == labels[k]) >= 2]
    is_test[generator.choice(late, test, replace=False)] = True
    return make_dataset(
        generator.integers(0, 256, (total, 2, 2, 1), dtype=np.uint8),
        labels,
        np.sort(generator.choice(10 * total, total, replace=False)),
        is_test,
        [f"class {k}" for k in range(classes)],
    )


def make_scores(dataset, accessibility=None, seed=0):
    """Make random scores with many ties, as with few networks and epochs."""
    if accessibility is None:
        accessibility = np.random.default_rng(seed).integers(0, 5, dataset.sizes["example"]) / 4
    return xr.Dataset(
        {"accessibility": ("example", np.asarray(accessibility, dtype=np.float64))},
        coords={"example": dataset["example"].values, "network": np.arange(NETWORKS)},
        attrs={
            "definition": canonical(RANKING | {"data": fingerprint(dataset), "engine_version": 99}),
        },
    )


def ensembles(batch_size=2, **entry):
    """Return an ensemble for each cut of an entry, in order."""
    digest = derivation.ranking_digest(RANKING, NETWORKS)
    ranked = "random" not in entry.values()
    ensemble = Ensemble(
        study="tests",
        name="divided",
        architecture=Architecture("st_vgg"),
        n_networks=2,
        recipe=Recipe(batch_size=batch_size),
        dataset={},
        ranked_by="ranking" if ranked else None,
    )
    return [
        replace(ensemble, dataset={"derived": step | ({"ranked_by": digest} if ranked else {})})
        for step in derivation.steps(DerivedEntry(**entry))
    ]


def names(dataset, split="train"):
    return set(dataset["example"].values[dataset["example_split"].values == split].tolist())


def row_by_name(dataset, name):
    return dataset.isel(example=int(np.flatnonzero(dataset["example"].values == name)[0]))


# Examples by hand.


@pytest.fixture
def five():
    """Five train examples at positions 10 to 14, and two test examples before them."""
    return make_dataset(
        np.arange(7, dtype=np.uint8).reshape(7, 1, 1, 1),
        np.array([0, 1, 0, 1, 0, 1, 0]),
        np.array([1, 2, 10, 11, 12, 13, 14]),
        np.array([True, True, False, False, False, False, False]),
        ["cat", "dog"],
    )


FIVE = [0.5, 0.5, 0.4, 0.9, 0.4, 0.1, 0.9]


@pytest.mark.parametrize(
    ("kind", "expected"), [("easiest", [11, 14]), ("hardest", [13, 12]), ("random", None)]
)
def test_moved_by_hand(five, kind, expected):
    (ensemble,) = ensembles(move_to_test=kind, fraction=0.4)
    scores = make_scores(five, FIVE) if expected else None
    moved, chosen = derive_dataset(ensemble, five, scores)
    if expected:
        # Ties are broken by position, the lower one being easier: 10 before 12, 11 before 14.
        assert chosen["example"].tolist() == expected
        assert chosen["label"].tolist() == [1, 0]
        assert chosen["class"].tolist() == ["dog", "cat"]
        assert chosen["score"].tolist() == ([0.9, 0.9] if kind == "easiest" else [0.1, 0.4])
    else:
        assert chosen["score"].isna().all()
    assert chosen["what"].tolist() == ["moved", "moved"]
    assert chosen["round"].tolist() == [1, 1]
    assert names(moved, "test") == {1, 2, *chosen["example"]}
    assert names(moved) == set(range(10, 15)) - set(chosen["example"])


def test_kept_in_rounds_by_hand(five):
    first, second = ensembles(keep="hardest", fraction=0.4, per_round=0.4)
    left, chosen = derive_dataset(first, five, make_scores(five, FIVE))
    assert chosen["example"].tolist() == [11, 14]
    assert names(left) == {10, 12, 13}
    # After training on the rest, 12 is the easiest.
    rescored = make_scores(left, [0.5, 0.5, 0.2, 0.8, 0.2])
    final, table = derive_dataset(second, left, rescored, chosen)
    assert names(final) == {10, 13}
    assert names(final, "test") == {1, 2}
    assert table["example"].tolist() == [11, 14, 12]
    assert table["round"].tolist() == [1, 1, 2]
    assert table["score"].tolist() == [0.9, 0.9, 0.8]
    assert table["what"].tolist() == ["removed"] * 3


def test_keeping_the_easiest_removes_the_hardest(five):
    (ensemble,) = ensembles(keep="easiest", fraction=0.8)
    left, chosen = derive_dataset(ensemble, five, make_scores(five, FIVE))
    assert chosen["example"].tolist() == [13]
    assert names(left) == {10, 11, 12, 14}


def test_balanced_by_hand():
    # There are four easy cats and four hard dogs. The cut removes all cats, or two of each class if
    # it is balanced.
    dataset = make_dataset(
        np.zeros((9, 1, 1, 1), np.uint8),
        np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]),
        np.arange(9),
        np.arange(9) == 8,
        ["cat", "dog"],
    )
    scores = make_scores(dataset, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.0])
    (ensemble,) = ensembles(keep="hardest", fraction=0.5, balanced=True)
    left, chosen = derive_dataset(ensemble, dataset, scores)
    assert chosen["example"].tolist() == [0, 4, 1, 5]
    assert names(left) == {2, 3, 6, 7}
    (unbalanced,) = ensembles(keep="hardest", fraction=0.5)
    with pytest.raises(InputError, match="no train example of cat would be left; change fraction"):
        derive_dataset(unbalanced, dataset, scores)


# Properties of all derived datasets.


@given(DATASETS, st.integers(0, 2**40))
def test_shuffled_labels_keep_the_classes_and_everything_else(shape, seed):
    dataset = make(*shape)
    shuffled, chosen = shuffle_labels(dataset, seed)
    for split in ("train", "test"):
        in_split = dataset["example_split"].values == split
        before, after = (np.bincount(each["label"][in_split]) for each in (dataset, shuffled))
        assert before.tolist() == after.tolist()
    xr.testing.assert_identical(shuffled.drop_vars("label"), dataset.drop_vars("label"))
    assert shuffled["label"].dtype == dataset["label"].dtype
    changed = dataset["label"].values != shuffled["label"].values
    assert chosen["example"].tolist() == dataset["example"].values[changed].tolist()
    assert chosen["label"].tolist() == dataset["label"].values[changed].tolist()
    assert set(chosen["what"]) <= {"relabelled"}
    xr.testing.assert_identical(shuffle_labels(dataset, seed)[0], shuffled)


def test_seeds_shuffle_labels_differently():
    dataset = make(classes=4, train=2000, test=400)
    first, second = (shuffle_labels(dataset, seed)[0]["label"].values for seed in (0, 1))
    for other in (first, second), (first, dataset["label"].values):
        # By chance 600 of 2,400 labels agree, with a standard deviation of 21.
        assert abs((other[0] == other[1]).sum() - 600) < 4.5 * 21.3


@given(
    DATASETS,
    st.sampled_from(["easiest", "hardest", "random"]),
    st.integers(5, 80).map(lambda hundredths: hundredths / 100),
)
def test_moved_examples_stay_the_same_examples(shape, kind, fraction):
    dataset = make(*shape)
    (ensemble,) = ensembles(move_to_test=kind, fraction=fraction)
    scores = make_scores(dataset) if kind != "random" else None
    try:
        moved, chosen = derive_dataset(ensemble, dataset, scores)
    except InputError as error:
        assert "would be left" in str(error)
        return
    xr.testing.assert_identical(
        moved.drop_vars("example_split"), dataset.drop_vars("example_split")
    )
    moved_names = set(chosen["example"])
    assert len(moved_names) == len(chosen) == int(round(fraction * 100) * shape[1] // 100)
    assert names(moved) == names(dataset) - moved_names
    assert names(moved, "test") == names(dataset, "test") | moved_names
    if kind != "random":
        score = dict(zip(scores["example"].values, scores["accessibility"].values, strict=True))
        other_scores = [score[name] for name in names(moved)]
        moved_scores = [score[name] for name in moved_names]
        if kind == "easiest":
            assert min(moved_scores) >= max(other_scores)
        else:
            assert max(moved_scores) <= min(other_scores)


@settings(max_examples=50)
@given(
    # With 46 examples the last cut of the rest, from 0.85^5 to 0.4, removes at least one.
    DATASETS.filter(lambda shape: shape[1] >= 46),
    st.sampled_from(["hardest", "easiest"]),
    st.sampled_from(["original", "rest"]),
    st.booleans(),
)
def test_rounds_are_nested_and_end_at_the_fraction(shape, kind, of, balanced):
    dataset = make(*shape)
    left, chosen = dataset, None
    steps = ensembles(keep=kind, fraction=0.4, per_round=0.15, of=of, balanced=balanced)
    assert len(steps) == (4 if of == "original" else 6)
    for number, ensemble in enumerate(steps, start=1):
        before = left
        try:
            left, chosen = derive_dataset(
                ensemble, before, make_scores(before, seed=number), chosen
            )
        except InputError as error:
            assert "would be left" in str(error)
            return
        assert names(left) < names(before)
        assert names(left, "test") == names(dataset, "test")
        removed = chosen[chosen["round"] == number]
        assert set(removed["example"]) == names(before) - names(left)
        if balanced:
            labels = before["label"].values[before["example_split"].values == "train"]
            sizes = np.bincount(labels, minlength=shape[0])
            n_removed = np.bincount(removed["label"], minlength=shape[0])
            assert (np.abs(n_removed - len(removed) * sizes / len(labels)) < 1 + 1e-9).all()
    assert len(names(left)) == int(4 * shape[1] // 10)
    assert names(left) | set(chosen["example"]) == names(dataset)
    for name in names(left):
        xr.testing.assert_identical(row_by_name(left, name), row_by_name(dataset, name))
    for variable in ("class_name", "channel_mean", "channel_std"):
        xr.testing.assert_identical(left[variable], dataset[variable])
    assert (np.diff(left["example"].values) > 0).all()


@given(DATASETS, st.integers(0, 99))
def test_a_smaller_random_choice_is_contained_in_a_larger_one(shape, seed):
    dataset = make(*shape)
    kept = []
    for fraction in (0.5, 0.7, 0.9):
        (ensemble,) = ensembles(keep="random", fraction=fraction, seed=seed, balanced=True)
        kept.append(names(derive_dataset(ensemble, dataset)[0]))
    assert kept[0] < kept[1] < kept[2]


def test_a_random_choice_depends_on_its_seed_and_covers_all_positions():
    dataset = make(classes=2, train=1000, test=10)
    chosen = []
    for seed in (0, 1):
        (ensemble,) = ensembles(keep="random", fraction=0.2, seed=seed)
        chosen.append(names(derive_dataset(ensemble, dataset)[0]))
    # By chance two choices of 200 of 1000 share 40 examples, with a standard deviation of 5.1.
    assert abs(len(chosen[0] & chosen[1]) - 40) < 4 * 5.1
    ranks = np.searchsorted(sorted(names(dataset)), sorted(chosen[0]))
    # The mean of 200 of 1000 ranks is 499.5 by chance, with a standard deviation of 18.
    assert abs(ranks.mean() - 499.5) < 4 * 18.3


# Invalid input.


def error_of(ensemble, dataset, scores=None):
    with pytest.raises(InputError) as caught:
        derive_dataset(ensemble, dataset, scores)
    return str(caught.value)


def test_a_ranking_of_another_dataset_is_rejected(five):
    (ensemble,) = ensembles(move_to_test="easiest", fraction=0.4)
    other = shuffle_labels(make(), 0)[0]
    assert error_of(ensemble, five, make_scores(other)) == (
        "tests/divided: the scores of ranking were computed from another version of its dataset; "
        "train and score it again."
    )


def test_a_ranking_by_other_networks_is_rejected(five):
    (ensemble,) = ensembles(move_to_test="easiest", fraction=0.4)
    fewer = make_scores(five, FIVE).isel(network=slice(2))
    assert "(another definition, or another number of networks than 2)" in (
        error_of(ensemble, five, fewer)
    )
    other = make_scores(five, FIVE)
    other.attrs["definition"] = other.attrs["definition"].replace("st_vgg", "resnet18")
    assert "do not match the ensemble that the study defines now" in error_of(ensemble, five, other)


def test_invalid_sizes_are_rejected(five):
    (none,) = ensembles(move_to_test="random", fraction=0.1)
    assert error_of(none, five).startswith("tests/divided: a step would change none of 5 train")
    (few,) = ensembles(keep="random", fraction=0.4, batch_size=3)
    assert "it leaves 2 train examples, fewer than one mini-batch of 3" in error_of(few, five)


def test_the_last_round_is_checked_before_the_first_is_trained(five):
    first, *_ = ensembles(keep="hardest", fraction=0.2, per_round=0.2)
    assert "it leaves 1 train examples" in error_of(first, five, make_scores(five, FIVE))


def test_many_empty_classes_are_counted():
    labels = np.repeat(np.arange(10), 10)
    dataset = make_dataset(
        np.zeros((101, 1, 1, 1), np.uint8),
        np.append(labels, 0),
        np.arange(101),
        np.arange(101) == 100,
        [f"class {k}" for k in range(10)],
    )
    (ensemble,) = ensembles(keep="hardest", fraction=0.2)
    message = error_of(ensemble, dataset, make_scores(dataset, np.linspace(1, 0, 101)))
    assert "no train example of class 0, class 1, class 2, class 3, class 4 and 3 more classes" in (
        message
    )


def test_the_table_has_the_documented_types(five):
    (ensemble,) = ensembles(move_to_test="random", fraction=0.4)
    _, chosen = derive_dataset(ensemble, five)
    assert isinstance(chosen, pd.DataFrame)
    assert [str(each) for each in chosen.dtypes[["example", "label", "score", "round"]]] == [
        "int64",
        "int64",
        "float64",
        "int64",
    ]


# Halves.


@given(DATASETS, st.integers(0, 5))
def test_halves_are_disjoint_complementary_and_have_half_of_every_class(size, seed):
    classes, train, data_seed = size
    dataset = make(classes, train, data_seed)
    found = {}
    for half in ("first", "second"):
        (ensemble,) = ensembles(half=half, seed=seed)
        derived, chosen = derive_dataset(ensemble, dataset)
        found[half] = names(derived)
        assert set(chosen["example"]) == names(dataset) - found[half]
        assert set(chosen["what"]) == {"removed"}
        assert names(derived, "test") == names(dataset, "test")
        sizes = derivation.sizes(ensemble.derived, train)
        assert sizes == [train, len(found[half])]
        for channel in ("channel_mean", "channel_std"):
            assert (derived[channel] == dataset[channel]).all()
    assert found["first"] | found["second"] == names(dataset)
    assert not found["first"] & found["second"]
    assert 0 <= len(found["first"]) - len(found["second"]) <= 1
    label = dict(zip(dataset["example"].values.tolist(), dataset["label"].values, strict=True))
    counts = [
        np.bincount([label[each] for each in found[half]], minlength=classes) for half in found
    ]
    assert (np.abs(counts[0] - counts[1]) <= 1).all()


def test_another_seed_gives_other_halves():
    dataset = make(train=60)
    halves = [
        frozenset(names(derive_dataset(*ensembles(half="first", seed=seed), dataset)[0]))
        for seed in range(3)
    ]
    assert len(set(halves)) == 3
