from dataclasses import replace

import numpy as np
import pytest

from created_equal.artefacts import of_split
from created_equal.claims import measures
from created_equal.claims.bootstrap import value_of
from created_equal.errors import InputError
from created_equal.scores import bimodality, correlation, majority_right


@pytest.fixture
def evidence(made_up):
    return made_up("small_mammals", True)


def value(measured):
    return value_of(measured.statistic, measured.units)


def test_accuracy_is_that_of_the_networks(evidence):
    scores = evidence.scores["cnn"]
    measured = measures.accuracy(evidence, "cnn")
    assert value(measured) == pytest.approx(
        float(scores["accuracy"].sel(split="test", epoch=10).mean())
    )
    assert (measured.over, measured.units, measured.networks) == ("networks", 20, 20)
    assert measured.epochs == "10"
    less = measures.accuracy(evidence, "cnn", less_chance=True)
    assert value(less) == pytest.approx(value(measured) - 0.2)
    highest = measures.accuracy(evidence, "cnn", split="train", highest=True)
    assert value(highest) == pytest.approx(
        float(scores["accuracy"].sel(split="train").mean("network").max())
    )
    assert highest.epochs == "1 to 10"


def test_phases_are_the_study_s_choice_where_it_has_one(evidence):
    assert measures.share_below_chance(evidence, "main").epochs == "1"
    chosen = replace(evidence, epochs={"figure_01": (0, 4, 5, 10)})
    assert measures.share_below_chance(chosen, "main").epochs == "4"
    assert measures.bimodality_in_phase(chosen, "main", phase="bi-modality").epochs == "5"
    # Of another ensemble they are still chosen by rule.
    assert measures.share_below_chance(chosen, "cnn").epochs == "1"


def test_phase_3_lasts_until_nearly_all_is_right(evidence):
    mean = of_split(evidence.scores["main"], "train")["consistency"].mean("example").values
    epochs = evidence.third_phase("main", "train")
    assert epochs.tolist() == [e for e in range(2, 11) if mean[e] <= 0.9]
    assert epochs[-1] < 10


def test_bimodality_of_three_readings(evidence):
    consistency = of_split(evidence.scores["non_linear"], "test")["consistency"].values
    each = np.array([bimodality(row) for row in consistency])
    lowest = measures.bimodality(evidence, "non_linear", over_epochs="lowest")
    assert value(lowest) == pytest.approx(each[1:].min())
    final = measures.bimodality(evidence, "non_linear", over_epochs="final")
    assert value(final) == pytest.approx(each[-1])
    mean = measures.bimodality(evidence, "non_linear")
    assert value(mean) == pytest.approx(each[2:].mean())
    assert mean.epochs == "2 to 10"


def test_moved_examples_and_nothing_else_count(evidence):
    scores, moved = evidence.scores["random_moved"], evidence.moved["random_moved"]
    measured = measures.moved_accuracy(evidence, "random_moved", epoch=3)
    assert measured.units == len(moved) == 10
    assert measured.over == "moved examples"
    assert value(measured) == pytest.approx(
        float(scores["consistency"][3].sel(example=moved).mean())
    )
    less = measures.moved_less_test(evidence, "cnn", "random_moved")
    before = of_split(evidence.scores["cnn"], "test")["consistency"].values[1:].mean()
    after = scores["consistency"].sel(example=moved).values[1:].mean()
    assert value(less) == pytest.approx(after - before)


def test_correlations_are_those_of_scores_with_and_without_classes(evidence):
    measured = measures.ensembles_correlate(evidence, "first", "second")
    one, two = (of_split(evidence.scores[name], "test") for name in ("first", "second"))
    found = correlation(one["accessibility"].values, two["accessibility"].values)
    assert value(measured) == pytest.approx(found.r)
    assert measured.within_class == pytest.approx(
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
    assert measured.epochs == "1 to 10"


def test_examples_line_up_by_name(evidence):
    turned = evidence.scores["second"].isel(example=slice(None, None, -1))
    other = replace(evidence, scores={**evidence.scores, "second": turned})
    for measure in (measures.ensembles_correlate, measures.accuracy_difference):
        assert value(measure(other, "first", "second")) == pytest.approx(
            value(measure(evidence, "first", "second"))
        )


def test_right_where_right_by_hand(evidence):
    one, two = (of_split(evidence.scores[name], "test") for name in ("non_linear", "linear"))
    right, given = (majority_right(part["consistency"].values[10]) for part in (one, two))
    measured = measures.right_where_right(evidence, "non_linear", "linear", last=True)
    assert value(measured) == pytest.approx(right[given].mean() - right.mean())
    assert measured.epochs == "10"
    named = replace(evidence, epochs={"figure_05": (1, 7)})
    assert measures.right_where_right(named, "non_linear", "linear", last=True).epochs == "7"


def test_thirds_of_adaboost(evidence):
    for group, level in (("easy", 1), ("intermediate", 0.5), ("hard", 0.2)):
        measured = measures.boosting_level(evidence, "cnn", "baselines/adaboost", group=group)
        everyone = of_split(evidence.scores["baselines/adaboost"], "test")["consistency"].mean()
        assert value(measured) + float(everyone) == pytest.approx(level, abs=0.1)
    rise = measures.boosting_rise(evidence, "cnn", "baselines/adaboost", group="intermediate")
    assert value(rise) == pytest.approx(0.9, abs=0.1)
    assert rise.epochs == "1 to 10"


def test_labels_are_counted_when_one_in_a_hundred_is_always_right(evidence):
    measured = measures.labels_at_one(evidence, "main")
    assert (value(measured), measured.epochs) == (2, "2")
    more = measures.labels_at_one(evidence, "main", more_at_end=True)
    assert (value(more), more.epochs) == (3, "2 and 10")


def test_a_baseline_has_random_states_and_no_epochs(evidence):
    measured = measures.share_right(evidence, "baselines/svm")
    assert value(measured) == pytest.approx(0.48)
    assert (measured.networks, measured.over, measured.epochs) == (2, "test examples", "")
    weaker = measures.accuracy_difference(evidence, "cnn", "baselines/svm")
    assert (weaker.networks, weaker.epochs) == (20, "10")


@pytest.mark.parametrize(
    "measure, message",
    [
        (
            lambda evidence: measures.moved_accuracy(evidence, "cnn", epoch=1),
            r"chosen\.csv of cnn does not say which .* take an ensemble",
        ),
        (
            lambda evidence: measures.labels_at_one(
                replace(evidence, observed={"cnn": evidence.observed["cnn"] * 0.5}), "cnn"
            ),
            "fewer than 1% .* train it for longer",
        ),
        (
            lambda evidence: measures.halves_correlate(
                replace(evidence, observed={"cnn": evidence.observed["cnn"].isel(network=[0])}),
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
                observed={
                    "cnn": evidence.observed["cnn"].assign(
                        consistency=evidence.observed["cnn"]["consistency"] * 0 + 0.95
                    )
                },
            ).third_phase("cnn", "test"),
            "cnn has no epoch of phase 3 on the test set",
        ),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(evidence, measure, message):
    with pytest.raises(InputError, match=message):
        measure(evidence)
