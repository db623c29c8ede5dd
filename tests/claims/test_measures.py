from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from oracles import bimodality

from created_equal.artefacts import consistency, select_split
from created_equal.claims import measures
from created_equal.errors import InputError
from created_equal.scores import correlation, majority_right
from created_equal.scores.bootstrap import interval_of, value_of


@pytest.fixture
def evidence(made_up):
    return made_up("small_mammals", True)


@pytest.fixture
def value(evidence):
    return lambda measured: value_of(measured.statistic(evidence.scores), measured.units)


def test_accuracy_is_that_of_the_networks(evidence, value):
    scores = evidence.scores["cnn"]
    measured = measures.accuracy(evidence, "cnn")
    assert value(measured) == pytest.approx(
        float(scores["accuracy"].sel(split="test", epoch=10).mean())
    )
    assert (measured.examples, measured.units, measured.networks) == ("test", 100, 20)
    assert measured.epochs == "10"
    less = measures.accuracy(evidence, "cnn", less_chance=True)
    assert value(less) == pytest.approx(value(measured) - 0.2)
    highest = measures.accuracy(evidence, "cnn", split="train", highest=True)
    assert value(highest) == pytest.approx(
        float(scores["accuracy"].sel(split="train").mean("network").max())
    )
    assert highest.epochs == "1 to 10"


def test_phases_are_the_study_s_choice_where_it_has_one(evidence):
    assert measures.share_below_chance(evidence, "main", split="train").epochs == "1"
    chosen = replace(evidence, epochs={"figure_01": (0, 4, 5, 10)})
    assert measures.share_below_chance(chosen, "main", split="test").epochs == "4"
    third = partial(measures.bimodality_in_phase, phase="bi-modality")
    assert third(chosen, "main", split="train").epochs == "5"
    # Of another ensemble they are still chosen by rule.
    assert measures.share_below_chance(chosen, "cnn", split="train").epochs == "1"


@pytest.mark.parametrize("split", ["train", "test"])
def test_phases_are_measured_on_either_split_at_the_same_epochs(evidence, value, split):
    n_right = select_split(evidence.scores["main"], split)["n_right"].values
    below = measures.share_below_chance(evidence, "main", split=split)
    assert (below.examples, below.epochs) == (split, "1")
    assert value(below) == pytest.approx((n_right[1] < 4).mean())
    phase = evidence.phases("main")["bi-modality"]
    third = measures.bimodality_in_phase(evidence, "main", phase="bi-modality", split=split)
    assert (third.examples, third.epochs) == (split, str(phase))
    assert value(third) == pytest.approx(bimodality(n_right[phase]))


def test_unanimous_is_right_in_all_networks_or_in_none(evidence, value):
    """Of 20 networks 19 are not all; the untrained epoch does not count."""
    counts = np.array([[0, 20, 0, 20], [1, 20, 19, 5], [0, 20, 20, 1], [0, 0, 20, 9]])
    scores = evidence.scores["main"].isel(epoch=range(4), example=range(200, 204))
    scores = scores.assign(n_right=(("epoch", "example"), counts))
    few = replace(evidence, scores={"main": scores})
    measured = measures.share_unanimous(few, "main", split="test")
    assert value_of(measured.statistic(few.scores), measured.units) == 0.75
    assert measured.epochs == "1 to 3"
    # The first example twice and the last once: 0, 2/3 and 2/3.
    weights = np.array([[2.0, 0, 0, 1]])
    assert measured.statistic(few.scores)(weights) == pytest.approx(2 / 3)


def test_phase_3_lasts_until_nearly_all_is_right(evidence):
    mean = consistency(select_split(evidence.scores["main"], "train")).mean("example").values
    epochs = evidence.third_phase("main", "train")
    assert epochs.tolist() == [e for e in range(2, 11) if mean[e] <= 0.9]
    assert epochs[-1] < 10


def test_bimodality_of_three_readings(evidence, value):
    n_right = select_split(evidence.scores["non_linear"], "test")["n_right"].values
    each = np.array([bimodality(row) for row in n_right])
    lowest = measures.bimodality(evidence, "non_linear", over_epochs="lowest")
    assert value(lowest) == pytest.approx(each[1:].min())
    final = measures.bimodality(evidence, "non_linear", over_epochs="final")
    assert value(final) == pytest.approx(each[-1])
    mean = measures.bimodality(evidence, "non_linear")
    assert value(mean) == pytest.approx(each[2:].mean())
    assert mean.epochs == "2 to 10"


def test_moved_examples_and_nothing_else_count(evidence, value):
    scores, moved = evidence.scores["random_moved"], evidence.moved["random_moved"]
    measured = measures.moved_accuracy(evidence, "random_moved", epoch=3)
    assert measured.units == len(moved) == 10
    assert measured.examples == "moved"
    assert value(measured) == pytest.approx(float(consistency(scores)[3].sel(example=moved).mean()))
    less = measures.moved_less_test(evidence, "cnn", "random_moved")
    before = consistency(select_split(evidence.scores["cnn"], "test")).values[1:].mean()
    after = consistency(scores).sel(example=moved).values[1:].mean()
    assert value(less) == pytest.approx(after - before)


def test_correlations_are_those_of_scores_with_and_without_classes(evidence, value):
    measured = measures.ensembles_correlate(evidence, "first", "second")
    one, two = (select_split(evidence.scores[name], "test") for name in ("first", "second"))
    found = correlation(one["accessibility"].values, two["accessibility"].values)
    assert value(measured) == pytest.approx(found.r)
    statistic = measured.statistic(evidence.scores)
    assert interval_of(statistic, 100) == pytest.approx((found.lower, found.upper))
    within = value_of(measured.statistic_within(evidence.scores), measured.units)
    assert within == pytest.approx(
        correlation(
            *(
                (
                    part["accessibility"]
                    - part["accessibility"].groupby(part["label"]).mean().sel(label=part["label"])
                ).values
                for part in (one, two)
            )
        ).r
    )
    assert (measured.epochs, measured.points) == ("1 to 10", 100)
    binned = measures.bins_correlate(evidence, "cnn", "baselines/adaboost")
    assert binned.points == binned.units == 40
    lower, upper = interval_of(binned.statistic(evidence.scores), 40)
    assert lower < value(binned) < upper


def test_examples_line_up_by_name(evidence, value):
    turned = evidence.scores["second"].isel(example=slice(None, None, -1))
    other = replace(evidence, scores={**evidence.scores, "second": turned})
    for measure in (measures.ensembles_correlate, measures.accuracy_difference):
        measured = measure(other, "first", "second")
        assert value_of(measured.statistic(other.scores), measured.units) == pytest.approx(
            value(measure(evidence, "first", "second"))
        )


def test_right_where_right_by_hand(evidence, value):
    one, two = (select_split(evidence.scores[name], "test") for name in ("non_linear", "linear"))
    right, given = (majority_right(part["n_right"].values[10], 20) for part in (one, two))
    measured = measures.right_where_right(evidence, "non_linear", "linear", last=True)
    assert value(measured) == pytest.approx(right[given].mean() - right.mean())
    assert measured.epochs == "10"
    named = replace(evidence, epochs={"figure_05": (1, 7)})
    assert measures.right_where_right(named, "non_linear", "linear", last=True).epochs == "7"


def test_thirds_of_adaboost(evidence, value):
    for group, level in (("easy", 1), ("intermediate", 0.5), ("hard", 0.2)):
        measured = measures.boosting_level(evidence, "cnn", "baselines/adaboost", group=group)
        everyone = consistency(select_split(evidence.scores["baselines/adaboost"], "test")).mean()
        assert value(measured) + float(everyone) == pytest.approx(level, abs=0.1)
    rise = measures.boosting_rise(evidence, "cnn", "baselines/adaboost", group="intermediate")
    assert value(rise) == pytest.approx(0.9, abs=0.1)
    assert rise.epochs == "1 to 10"


def test_adaboost_s_improvement_is_that_of_all_examples_and_rests_on_no_networks(evidence, value):
    scores = select_split(evidence.scores["baselines/adaboost"], "test")
    curve = consistency(scores).mean("example").values
    measured = measures.boosting_improvement(evidence, "baselines/adaboost")
    assert value(measured) == pytest.approx(np.polyfit(np.arange(10), curve, 1)[0] * 9)
    assert (measured.networks, measured.units) == (1, 100)


def test_labels_are_counted_when_one_in_a_hundred_is_always_right(evidence, value):
    measured = measures.labels_at_one(evidence, "main")
    assert (value(measured), measured.epochs) == (2, "2")
    more = measures.labels_at_one(evidence, "main", more_at_end=True)
    assert (value(more), more.epochs) == (3, "2, 10")


def test_a_baseline_has_random_states_and_no_epochs(evidence, value):
    measured = measures.accuracy(evidence, "baselines/svm")
    assert value(measured) == pytest.approx(0.48)
    assert (measured.networks, measured.examples, measured.epochs) == (2, "test", "")
    weaker = measures.accuracy_difference(evidence, "cnn", "baselines/svm")
    assert (weaker.networks, weaker.epochs) == (20, "10")


@pytest.mark.parametrize(
    "measure, message",
    [
        (
            lambda evidence: measures.moved_accuracy(evidence, "cnn", epoch=1),
            r"the scores of cnn do not say which .* take an ensemble",
        ),
        (
            lambda evidence: measures.labels_at_one(
                replace(evidence, scores={"cnn": evidence.scores["cnn"] * 0.5}), "cnn"
            ),
            "fewer than 1% .* train it for longer",
        ),
        (
            lambda evidence: measures.halves_correlate(
                replace(evidence, scores={"cnn": evidence.scores["cnn"].isel(network=[0])}),
                "cnn",
            ),
            "cnn has only one network, and no two halves; train at least two",
        ),
        (
            lambda evidence: measures.boosting_rise(
                replace(
                    evidence,
                    scores={
                        **evidence.scores,
                        "cut": evidence.scores["baselines/adaboost"].isel(epoch=[0]),
                    },
                ),
                "cnn",
                "cut",
                group="easy",
            ),
            "cut has a single weak learner, and no slope; raise weak_learners",
        ),
        (
            lambda evidence: measures.boosting_improvement(
                replace(
                    evidence,
                    scores={"cut": evidence.scores["baselines/adaboost"].isel(epoch=[0])},
                ),
                "cut",
            ),
            "cut has a single weak learner, and no slope; raise weak_learners",
        ),
        (
            lambda evidence: measures.ensembles_correlate(
                replace(
                    evidence,
                    scores={
                        **evidence.scores,
                        "other": evidence.scores["cnn"].assign(
                            label=1 + evidence.scores["cnn"]["label"]
                        ),
                    },
                ),
                "cnn",
                "other",
            ),
            "cnn and other cannot be compared on the test set.*same dataset",
        ),
        (
            lambda evidence: replace(
                evidence,
                scores={
                    "cnn": evidence.scores["cnn"].assign(
                        n_right=evidence.scores["cnn"]["n_right"] * 0 + 19
                    )
                },
            ).third_phase("cnn", "test"),
            "cnn has no epoch of phase 3 on the test set",
        ),
        (
            lambda evidence: measures.corners(
                replace(
                    evidence,
                    scores={
                        **evidence.scores,
                        "second": evidence.scores["second"].isel(network=range(3)),
                    },
                ),
                "first",
                "second",
                late=False,
            ),
            "first and second have 20 and 3 networks, and so few different scores .* at least 4",
        ),
        (
            lambda evidence: measures.bimodality(
                evidence, "main", split="train", over_epochs="final"
            ),
            "at the last epoch of main the mean consistency of the train set, 0.988, is not within "
            r"\(0.05, 0.9\), so that bi-modality says nothing of agreement there; see its lowest",
        ),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(evidence, measure, message):
    with pytest.raises(InputError, match=message):
        measure(evidence)


@pytest.mark.parametrize(
    "epochs, words",
    [
        ([7], "7"),
        ([1, 2, 3], "1 to 3"),
        ([1, 2, 3, 4, 5, 8, 10, 11, 12], "1 to 5, 8, 10 to 12"),
        ([2, 4, 6], "2, 4, 6"),
        (np.array([0, 1, 40, 140]), "0 to 1, 40, 140"),
    ],
)
def test_epochs_are_listed_as_runs(epochs, words):
    assert measures.epochs_in_words(epochs) == words


def test_phase_3_with_a_gap_says_so(evidence):
    scores = evidence.scores["non_linear"].copy(deep=True)
    scores["n_right"][5] = 19
    gapped = replace(evidence, scores={**evidence.scores, "non_linear": scores})
    assert measures.bimodality(gapped, "non_linear").epochs == "2 to 4, 6 to 10"


def test_epochs_that_differ_are_given_by_name(evidence):
    measured = measures.corners(evidence, "first", "second", late=True)
    one, two = (int(each.epochs[0]) for each in measured.taken)
    assert measured.epochs == (str(one) if one == two else f"first {one}; second {two}")
    cut = evidence.scores["second"].isel(epoch=slice(0, 6))
    shorter = replace(evidence, scores={**evidence.scores, "second": cut})
    last = measures.accuracy_difference(shorter, "first", "second")
    assert last.epochs == "first 10; second 5"
