"""Scores in memory: of predictions, of resamples of them, and with examples shuffled."""

from dataclasses import replace

import numpy as np
import pytest
from learners import examples_of, predictions_of

from created_equal.artefacts import write_predictions
from created_equal.errors import InputError
from created_equal.scores import (
    Counted,
    Examples,
    Scores,
    Stored,
    majority_right,
    read_answers,
    score_ensemble,
)
from created_equal.scores import answers as answers_module

N, EPOCHS, EXAMPLES, K = 6, 4, 30, 3
LABELS, IS_TEST = np.arange(EXAMPLES) % K, np.arange(EXAMPLES) >= 20
TEST = Examples(np.arange(20, EXAMPLES)[::-1], "test")


@pytest.fixture
def files(tmp_path):
    """The predictions of six networks in two files, and what they predict."""
    predictions = np.random.default_rng(0).integers(0, K, (N, EPOCHS, EXAMPLES))
    paths = [tmp_path / "0000-0002.nc", tmp_path / "0003-0005.nc"]
    for first, path in zip((0, 3), paths, strict=True):
        numbers = range(first, first + 3)
        of_file = predictions_of(predictions[numbers], examples_of(LABELS, IS_TEST), numbers)
        write_predictions(of_file, path, {"of": "made_up"})
    return paths, predictions


@pytest.fixture
def answers(files):
    scores = score_ensemble(files[0])
    return read_answers("made_up", files[0], scores, scores["example"].values)


def test_counts_of_consecutive_examples_and_epochs_are_not_copied(files):
    """Those of a million examples are 130 MB, and many statistics ask for all of them."""
    scores = Scores({"it": Stored(score_ensemble(files[0]))})
    train, odd = (Examples(names, "train") for names in (np.arange(20), np.arange(1, 20, 2)))
    once, again = (scores.n_right("it", epochs, train) for epochs in ([1, 2, 3], [2]))
    assert np.shares_memory(once, again)
    np.testing.assert_array_equal(once[:, 1::2], scores.n_right("it", [1, 2, 3], odd))
    np.testing.assert_array_equal(once[::2], scores.n_right("it", [1, 3], train))


def test_examples_are_found_by_name_in_any_order_and_strangers_left_out(files):
    scores = score_ensemble(files[0]).isel(example=np.random.default_rng(0).permutation(EXAMPLES))
    wanted = Examples(np.array([29, 3, 500, -1, 7]), "some")
    names = scores["example"].values[Stored(scores).axis.places(wanted)]
    assert names.tolist() == [29, 3, 7]


def test_scores_of_answers_are_those_of_the_file(files, answers):
    stored = Scores({"it": Stored(score_ensemble(files[0]))})
    counted = Scores({"it": Counted(answers)})
    for scores in (stored, counted):
        right = files[1] == LABELS
        of_test = right[..., TEST.names]
        np.testing.assert_array_equal(
            scores.n_right("it", [1, 3], TEST), of_test.sum(axis=0)[[1, 3]]
        )
        np.testing.assert_allclose(
            scores.accessibility("it", TEST), of_test[:, 1:].mean(axis=(0, 1))
        )
        np.testing.assert_allclose(
            scores.halves("it", TEST), [of_test[half::2, 1:].mean(axis=(0, 1)) for half in (0, 1)]
        )
        assert scores.labels("it", TEST).tolist() == LABELS[TEST.names].tolist()
        assert scores.histograms("it", [2], TEST).sum() == 10
        votes = np.array([np.bincount(column, minlength=K).max() for column in files[1][:, 2].T])
        np.testing.assert_allclose(scores.consensus("it", [2], TEST)[0], votes[TEST.names] / N)
        np.testing.assert_array_equal(
            scores.majority("it", 2, TEST), majority_right(of_test[:, 2].sum(axis=0), N)
        )
    np.testing.assert_allclose(
        counted.by_network("it", TEST), (files[1] == LABELS)[:, 1:, TEST.names].mean(axis=1)
    )


def test_a_resample_counts_networks_as_often_as_they_are_drawn(files, answers):
    weights = np.array([2, 0, 1, 3, 0, 0])
    again = np.repeat(files[1], weights, axis=0) == LABELS
    scores = Scores({"it": Counted(answers, weights)})
    np.testing.assert_array_equal(
        scores.n_right("it", [3], TEST)[0], again[:, 3, TEST.names].sum(0)
    )
    even, odd = scores.half_n_right("it", [3], TEST)
    np.testing.assert_array_equal(even, again[[0, 1, 2]][:, 3, TEST.names].sum(0)[None])
    np.testing.assert_array_equal(even + odd, scores.n_right("it", [3], TEST))
    alone = Scores({"it": Counted(answers, np.array([6, 0, 0, 0, 0, 0]))})
    assert np.isnan(alone.halves("it", TEST)[1]).all()


def test_halves_are_every_second_network_whatever_the_seeds(answers):
    numbered = Counted(answers)
    renumbered = Counted(replace(answers, seeds=np.array([0, 2, 4, 6, 8, 11])))
    np.testing.assert_array_equal(renumbered.halves, numbered.halves)
    assert renumbered.half_sizes.tolist() == [3, 3]


def test_a_resample_draws_the_same_examples_for_all(answers):
    scores = Scores({"one": Counted(answers), "two": Counted(answers)}, resample=3)
    one, two = (scores.n_right(name, [1], TEST) for name in ("one", "two"))
    np.testing.assert_array_equal(one, two)
    again = Scores({"one": Counted(answers)}, resample=3).n_right("one", [1], TEST)
    np.testing.assert_array_equal(one, again)
    whole = Scores({"one": Counted(answers)}).n_right("one", [1], TEST)
    assert not np.array_equal(one, whole)
    assert set(one[0]) <= set(whole[0])


def test_shuffled_examples_keep_their_class_and_split_and_the_two_do_not_agree(answers):
    every = Examples(np.arange(EXAMPLES), "train and test")
    counts = {"one": Counted(answers), "two": Counted(answers)}
    scores, before = Scores(counts, shuffle=0), Scores(counts)
    one, two = (scores.n_right(name, [1], every)[0] for name in counts)
    of_all = before.n_right("one", [1], every)[0]
    assert not np.array_equal(one, two)
    other = Scores(counts, shuffle=1).n_right("one", [1], every)[0]
    assert not np.array_equal(one, other)
    for label in range(K):
        for is_test in (False, True):
            group = (label == LABELS) & (is_test == IS_TEST)
            assert sorted(one[group]) == sorted(two[group]) == sorted(of_all[group])


@pytest.mark.parametrize("at_once", [2**16, 7])
def test_only_some_examples_are_read(files, at_once, monkeypatch):
    monkeypatch.setattr(answers_module, "EXAMPLES_AT_ONCE", at_once)
    scores = score_ensemble(files[0])
    answers = read_answers("made_up", files[0], scores, np.array([3, 25, 28]))
    assert answers.axis.names.tolist() == [3, 25, 28]
    found = Scores({"it": Counted(answers)}).n_right("it", [1], TEST)[0]
    np.testing.assert_array_equal(found, (files[1] == LABELS).sum(axis=0)[1, [28, 25]])


def test_files_of_other_networks_are_refused(files):
    scores = score_ensemble(files[0])
    with pytest.raises(InputError, match=r"are of 6 networks, .* contain 3 of them; run again"):
        read_answers("made_up", files[0][:1], scores, np.arange(EXAMPLES))
    others = (
        scores.assign_coords(example=scores["example"] + 1),
        scores.assign_attrs(definition='{"of": "another"}'),
    )
    for other in others:
        with pytest.raises(InputError, match=r"0000-0002.nc does not belong to the scores of made"):
            read_answers("made_up", files[0], other, np.arange(EXAMPLES))


def test_disagreement_of_a_resample_has_no_pairs_of_a_network_with_itself(answers):
    """By hand: the share of pairs of two of the drawn networks that are different ones."""
    weights = np.array([2, 0, 3, 1] + [0] * (len(answers.seeds) - 4))
    counted, places = Counted(answers, weights), np.arange(4)
    found = counted.disagreement(answers.epoch[[1, -1]], places)
    drawn = np.repeat(np.arange(len(weights)), weights)
    pairs = [(i, j) for i in drawn for j in drawn if i != j]
    for row, epoch in zip(found, (1, -1), strict=True):
        labels = answers.predictions[:, epoch, places]
        expected = np.mean([labels[i] != labels[j] for i, j in pairs], axis=0)
        np.testing.assert_allclose(row, expected)
    one = Counted(answers, np.where(np.arange(len(weights)) == 2, 4, 0))
    assert np.isnan(one.disagreement(answers.epoch[:1], places)).all()
