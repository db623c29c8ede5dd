"""An ensemble compared with another one, and with a published score."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from learners import DIFFICULTY, EXAMPLES, LABELS, TRAIN, K, N, write_ensemble

from created_equal.artefacts import (
    definition_of,
    read_predictions,
    read_scores,
    select_split,
    write_predictions,
    write_scores,
)
from created_equal.compare.compare import (
    Ours,
    compare,
    direction,
    find_predictions,
    sentence,
    table_of,
)
from created_equal.compare.published import Published
from created_equal.errors import InputError
from created_equal.recorder import Recorder
from created_equal.scores import score_ensemble


def opened(path, name="other"):
    scores = read_scores(path)
    return Ours(name, scores, find_predictions(path, scores))


def published(values, keys=None, key_kind="number", **known):
    kind = None if keys is None else key_kind
    values = np.asarray(values, dtype=float)
    return Published(Path("forgetting.csv"), "events", values, keys, "index", kind, **known)


def test_two_ensembles_that_learn_in_the_same_order(ours, two):
    found = compare(ours, opened(two[1]))
    assert [each.split for each in found] == ["train", "test"]
    train, test = found
    assert train.examples.tolist() == list(range(TRAIN))
    assert test.examples.tolist() == list(range(TRAIN, EXAMPLES))
    accessibility = ours.scores["accessibility"].values
    np.testing.assert_allclose(train.one, accessibility[:TRAIN])
    assert all(of.value > 0.9 for each in found for of in each.correlations.values())
    assert {each.over for each in found} == {"examples and networks"}


def test_an_ensemble_compared_with_itself_has_a_correlation_of_1(ours):
    for each in compare(ours, ours):
        assert all(of.value == pytest.approx(1) for of in each.correlations.values())


def test_the_resampled_units_of_each_split_are_said(ours, two):
    other = opened(two[1])
    train, test = compare(ours, other)
    said = sentence([replace(train, over="examples"), test], ours, other)
    assert "(95 % intervals over examples on train, examples and networks on test)" in said


def test_without_predictions_intervals_are_over_examples_and_values_the_same(ours, two):
    found = compare(replace(ours, predictions=()), opened(two[1]))
    assert {each.over for each in found} == {"examples"}
    for each, both in zip(found, compare(ours, opened(two[1])), strict=True):
        for name, of in each.correlations.items():
            assert of.value == pytest.approx(both.correlations[name].value, abs=1e-9)


def test_predictions_next_to_scores_are_used_if_they_have_all_networks(tmp_path):
    path = write_ensemble(tmp_path)
    scores = read_scores(path)
    files = find_predictions(path, scores)
    assert [file.name for file in files] == ["0000-0005.nc"]
    assert find_predictions(path, score_ensemble(files, n_networks=4)) == files
    assert find_predictions(path, scores.assign_coords(epoch=scores["epoch"] + 1)) == []
    assert find_predictions(path, scores.assign_coords(network=scores["network"] + 1)) == []
    # Another job size wrote some networks a second time.
    again = write_ensemble(tmp_path / "again", networks=4).parent / "predictions" / "0000-0005.nc"
    again.rename(files[0].with_name("0000-0003.nc"))
    assert [file.name for file in find_predictions(path, scores)] == ["0000-0003.nc", files[0].name]
    itself = Ours("itself", scores, find_predictions(path, scores))
    assert {each.over for each in compare(itself, itself)} == {"examples and networks"}
    files[0].with_name("0000-0003.nc").unlink()
    # In a folder of the recorder, they are next to the scores.
    recorded = files[0].rename(path.parent / files[0].name)
    assert find_predictions(path, scores) == [recorded]
    recorded.unlink()
    assert find_predictions(path, scores) == []


@pytest.mark.parametrize("is_other", ["definition", "network"])
def test_predictions_that_were_not_scored_are_left_out_with_a_sentence(tmp_path, caplog, is_other):
    path = write_ensemble(tmp_path)
    file = path.parent / "predictions" / "0000-0005.nc"
    predictions = read_predictions(file)
    definition = definition_of(predictions)
    if is_other == "network":
        last = predictions["prediction"].values[2, -1]
        last[:] = (last + 1) % 3
    else:
        definition["seed"] = 99
    write_predictions(predictions, file, definition)
    stale = opened(path)
    assert not stale.predictions
    assert f"{path} was made from other predictions than those next to it, wh" in caplog.text
    assert len(caplog.records) == 1
    assert {each.over for each in compare(stale, stale)} == {"examples"}
    caplog.clear()
    write_scores(score_ensemble([file]), path, definition)
    assert opened(path).predictions == [file]
    assert not caplog.records


def test_a_score_of_difficulty_falls_where_accessibility_rises(ours):
    found = compare(ours, published(DIFFICULTY))
    assert all(of.value < -0.9 for each in found for of in each.correlations.values())
    said = sentence(found, ours, published(DIFFICULTY))
    assert said.startswith(
        "Accessibility in one and events of forgetting.csv: on 60 train examples"
    )
    assert "Spearman −0.9" in said and "Spearman within classes −0.9" in said
    assert "(95 % intervals over examples and networks)" in said
    assert said.endswith("events rises where accessibility falls, as a score of difficulty does.")
    assert "\n" not in said


def test_the_direction_of_other_scores_is_named_too(ours, two):
    easy = published(-DIFFICULTY)
    assert direction(compare(ours, easy), easy) == (
        "events rises with accessibility, which is high for easy examples"
    )
    noise = published(np.random.default_rng(0).normal(size=EXAMPLES))
    assert direction(compare(ours, noise), noise).endswith("events rises or falls with it")
    other = opened(two[1])
    assert "both are high for easy examples" in direction(compare(ours, other), other)


def test_rows_of_a_published_score_go_with_their_examples(ours):
    """Some rows of the test set, in any order, and others that we do not have."""
    keys = np.array([83, 70, 61, 75, 500, 66])
    values, labels = (np.append(of, np.zeros(500))[keys] for of in (DIFFICULTY, LABELS))
    (test,) = compare(ours, published(values, keys=keys, labels=labels))
    assert (test.split, test.examples.tolist()) == ("test", [61, 66, 70, 75, 83])
    assert test.other.tolist() == DIFFICULTY[[61, 66, 70, 75, 83]].tolist()
    assert "on 5 of 30 test examples" in sentence([test], ours, published(values))


def test_rows_of_one_set_are_not_compared_with_the_other(ours):
    """A published train set of 500 examples, of which the first 60 are ours."""
    other = published(np.sin(range(500)), keys=np.arange(500), key_kind="position")
    for split, names in (("train", range(TRAIN)), ("test", range(TRAIN, EXAMPLES))):
        (found,) = compare(ours, other, split)
        assert (found.split, found.examples.tolist()) == (split, [*names])
        assert found.other.tolist() == np.sin(range(len(names))).tolist()


def test_what_cannot_be_compared_is_said_in_a_sentence(ours, tmp_path):
    with pytest.raises(InputError, match="share fewer than 3 examples of one set"):
        compare(ours, published([1, 2], keys=np.array([7, 9])))
    values = np.where(np.arange(EXAMPLES) < TRAIN, DIFFICULTY, 1)
    with pytest.raises(
        InputError, match=r"events of forgetting\.csv is the same for all 30 test ex"
    ):
        compare(ours, published(values))
    other = opened(write_ensemble(tmp_path / "relabelled", labels=LABELS[::-1]))
    with pytest.raises(InputError, match="one and other have different labels for the same"):
        compare(ours, other)
    learned = opened(write_ensemble(tmp_path / "easy", difficulty=DIFFICULTY - 9))
    with pytest.raises(InputError, match="accessibility in other is the same for all 60 train"):
        compare(ours, learned)


NAMES = np.array([f"{number}.png" for number in range(EXAMPLES)], dtype=object)


def named(of, names):
    return replace(of, scores=of.scores.assign(example_name=("example", names)))


def test_examples_with_names_are_compared_by_these(ours, tmp_path):
    """The second ensemble was recorded in another order, of which labels need not tell."""
    generator = np.random.default_rng(1)
    order = np.append(generator.permutation(TRAIN), TRAIN + generator.permutation(30))
    path = write_ensemble(tmp_path, DIFFICULTY[order], LABELS[order])
    other = named(opened(path), NAMES[order])
    for predictions, over in ((other.predictions, "examples and networks"), ((), "examples")):
        found = compare(named(ours, NAMES), replace(other, predictions=predictions))
        assert all(each.correlations["Spearman"].value > 0.9 for each in found)
        assert [each.over for each in found] == [over] * 2
    with pytest.raises(InputError, match="one and other have different labels for the same"):
        compare(ours, other)


def test_examples_that_share_few_names_are_not_compared(ours, two):
    others = np.array([f"other {number}.png" for number in range(EXAMPLES)], dtype=object)
    other = opened(two[1])
    for shared in (0, 30):
        names = np.where(np.arange(EXAMPLES) < shared, NAMES, others)
        with pytest.raises(
            InputError, match=rf"one and other have .*, they share {shared / TRAIN:.0%} at most\); "
        ):
            compare(named(ours, NAMES), named(other, names))
    (train,) = compare(named(ours, NAMES), named(other, np.where(np.arange(90) < 40, NAMES, "b")))
    assert train.examples.tolist() == list(range(40))
    assert "on 40 of 60 train examples" in sentence([train], ours, other)


def test_without_names_in_both_examples_are_compared_by_number(ours, two):
    other = opened(two[1])
    assert len(compare(named(ours, NAMES), other)) == 2
    # A recorder may get ids of one set only.
    names = np.where(np.arange(EXAMPLES) < TRAIN, NAMES, "")
    assert len(compare(named(ours, names), named(other, names))) == 2


def recorded(folder, train):
    """Return recorded networks that learn the same examples in the same order."""
    labels = {"train": np.arange(train) % K, "test": np.arange(30) % K}
    for network in range(2):
        with Recorder(folder, network, labels, K) as recorder:
            for epoch in range(1, 7):
                for split, of in labels.items():
                    learned = (np.arange(len(of)) * 7 + network) % 30 < 5 * epoch
                    recorder.record(epoch, split, None, np.where(learned, of, (of + 1) % K))
    return Ours(folder.name, score_ensemble(sorted(folder.glob("*.nc"))))


def test_recorded_test_examples_are_the_same_whatever_the_size_of_the_train_set(tmp_path):
    """A recorder counts them after the train examples; the labels do not show a shift by 12."""
    train, test = compare(recorded(tmp_path / "60", 60), recorded(tmp_path / "72", 72))
    assert train.examples.tolist() == list(range(60))
    assert test.examples.tolist() == list(range(60, 90))
    np.testing.assert_array_equal(test.one, test.other)


def test_imported_test_examples_are_those_of_a_recording_in_their_order(tmp_path):
    """An import of the test set alone counts from 0, where the recording counts from 60."""
    ours = recorded(tmp_path / "60", 60)
    alone = select_split(ours.scores, "test").assign_coords(example=np.arange(30))
    imported = Ours("logits", alone.assign_attrs(definition='{"imported": {}}'))
    (test,) = compare(ours, imported)
    assert test.examples.tolist() == list(range(60, 90))
    np.testing.assert_array_equal(test.one, test.other)


def test_examples_are_compared_by_name_within_their_split(ours, tmp_path):
    """The second ensemble has other examples too, and some of ours in its test set."""
    positions = np.arange(50, 140)
    labels = positions % 3
    other = opened(write_ensemble(tmp_path, np.linspace(0, 1, 90), labels, positions=positions))
    (train,) = compare(ours, other)
    assert train.examples.tolist() == list(range(50, TRAIN))
    assert other.scores.sizes["network"] == N


def test_the_table_has_a_row_for_each_split_and_statistic(ours, two):
    table = table_of(compare(ours, opened(two[1])))
    assert table["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert table["examples"].tolist() == [60] * 3 + [30] * 3
    assert table["statistic"].tolist()[:3] == ["Spearman", "Spearman within classes", "Pearson"]
    assert (table["lower"] <= table["value"]).all() and (table["value"] <= table["upper"]).all()


def test_a_correlation_within_classes_of_one_example_is_undefined(ours):
    """Classes with an example each have no order within them."""
    test = [int(np.flatnonzero(label == LABELS)[-1]) for label in np.unique(LABELS)]
    keys = np.array([*range(TRAIN), *test])
    other = published(DIFFICULTY[keys], keys=keys, labels=LABELS[keys])
    said = sentence(compare(ours, other), ours, other)
    assert "Spearman within classes undefined, Pearson" in said.partition("test examples")[2]
