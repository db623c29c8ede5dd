import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from oracles import bimodality
from scipy.stats import entropy, pearsonr, spearmanr

from created_equal.artefacts import consistency, read_predictions, select_split
from created_equal.claims.registry import MEASURES
from created_equal.errors import InputError
from created_equal.scores import (
    Counted,
    Scores,
    Stored,
    accuracy_by_epoch,
    best_matched_pairs,
    corners,
    diagonal,
    joint_cells,
    majority_right,
    read_answers,
)


@pytest.fixture
def evidence(made_up):
    return made_up("small_mammals", True)


@pytest.fixture
def measured(evidence):
    """Return the function that measures observed scores by name of the measure."""

    def of(measure, *names, evidence=evidence, **arguments):
        found = MEASURES[measure].of(evidence, *names, **arguments)
        if MEASURES[measure].by_network:
            counts = {
                name: Counted(
                    read_answers(
                        name,
                        evidence.predictions[name],
                        evidence.scores[name],
                        evidence.scores[name]["example"].values,
                    )
                )
                for name in names
            }
        else:
            counts = {name: Stored(each) for name, each in evidence.scores.items()}
        return found.value(Scores(counts)), found

    return of


def test_accuracy_is_that_of_the_networks(evidence, measured):
    accuracy = evidence.scores["cnn"]["accuracy"].mean("network")
    value, of = measured("accuracy", "cnn")
    assert value == pytest.approx(float(accuracy.sel(split="test", epoch=10)))
    assert (of.examples.words, of.epochs["cnn"].tolist()) == ("test", [10])
    assert measured("accuracy", "cnn", what="mean accuracy less 1/K")[0] == pytest.approx(
        value - 0.2
    )
    highest, of = measured("accuracy", "cnn", split="train", at="highest of all")
    assert highest == pytest.approx(float(accuracy.sel(split="train").max()))
    assert of.epochs["cnn"].tolist() == list(range(1, 11))
    untrained, _ = measured("accuracy", "cnn", at="epoch 0")
    assert untrained == pytest.approx(float(accuracy.sel(split="test", epoch=0)))
    later = evidence.scores | {"cnn": evidence.scores["cnn"].isel(epoch=slice(2, None))}
    for epoch in ("epoch 0", "epoch 1"):
        with pytest.raises(InputError, match=f"cnn has no record of {epoch}"):
            measured("accuracy", "cnn", at=epoch, evidence=replace(evidence, scores=later))
    assert measured("accuracy", "baselines/svm")[0] == pytest.approx(0.48)
    weaker, _ = measured("accuracy_difference", "cnn", "baselines/svm")
    assert weaker == pytest.approx(0.48 - value)


def test_phases_are_the_study_s_choice_where_it_has_one(evidence, measured):
    first = {"split": "train", "at": "the epoch of beginning"}
    assert measured("below_guessing", "main", **first)[1].epochs["main"].tolist() == [1]
    chosen = replace(evidence, epochs={"figure_01": (0, 4, 5, 10)})
    of = measured("below_guessing", "main", evidence=chosen, **first)[1]
    assert of.epochs["main"].tolist() == [4]
    third = measured("bimodality", "main", evidence=chosen, at="the epoch of bi-modality")[1]
    assert third.epochs["main"].tolist() == [5]
    # Of another ensemble they are still chosen by rule.
    of = measured("below_guessing", "cnn", evidence=chosen, **first)[1]
    assert of.epochs["cnn"].tolist() == [1]


@pytest.mark.parametrize("split", ["train", "test"])
def test_histograms_are_measured_on_either_split(evidence, measured, split):
    n_right = select_split(evidence.scores["main"], split)["n_right"].values
    below, of = measured("below_guessing", "main", split=split, at="the epoch of beginning")
    assert of.examples.words == split
    assert below == pytest.approx((n_right[1] < 4).mean())
    tail, _ = measured("tail", "main", split=split, at="the epoch of beginning")
    heights = np.bincount(n_right[1], minlength=21)
    assert tail == pytest.approx(spearmanr(range(21), heights).statistic)
    phase = evidence.phases("main")["bi-modality"]
    third, _ = measured("bimodality", "main", split=split, at="the epoch of bi-modality")
    assert third == pytest.approx(bimodality(n_right[phase]))


def test_unanimous_counts_only_epochs_at_which_networks_are_learning(evidence, measured):
    """Phase 4, in which all are right about everything, does not make up for the others."""
    n_right = select_split(evidence.scores["main"], "train")["n_right"].values
    mean = n_right.mean(axis=1) / 20
    learning = [e for e in range(1, 11) if 0.05 <= mean[e] <= 0.9]
    shares = [np.isin(n_right[e], [0, 20]).mean() for e in learning]
    value, of = measured("unanimous", "main", split="train", over="median")
    assert of.epochs["main"].tolist() == learning and learning[-1] < 10
    assert value == pytest.approx(np.median(shares))
    assert measured("unanimous", "main", split="train", over="lowest")[0] == min(shares)


def test_bimodality_of_three_readings(evidence, measured):
    n_right = select_split(evidence.scores["non_linear"], "test")["n_right"].values
    each = np.array([bimodality(row) for row in n_right])
    assert measured("bimodality", "non_linear", over="lowest")[0] == pytest.approx(each[1:].min())
    assert measured("bimodality", "non_linear", at="the last epoch")[0] == pytest.approx(each[-1])
    mean, of = measured("bimodality", "non_linear", at="phase 3")
    assert mean == pytest.approx(each[of.epochs["non_linear"]].mean())
    assert 1 not in of.epochs["non_linear"]


def test_bimodality_is_compared_with_as_many_networks_of_each(evidence, measured):
    """The same networks, and five of them: nothing but N differs."""
    few = evidence.scores["linear"]
    predictions = read_predictions(evidence.predictions["linear"][0])
    right = (predictions["prediction"] == predictions["label"]).values[:5].sum(axis=0)
    few = few.isel(network=range(5)).assign(n_right=(("epoch", "example"), right.astype(np.uint8)))
    both = replace(evidence, scores=evidence.scores | {"few": few})
    value, _ = measured("bimodality_difference", "linear", "few", evidence=both)
    assert abs(value) < 0.02
    assert measured("fewer_networks", "main")[0] == pytest.approx(0, abs=0.05)


def test_moved_examples_and_nothing_else_count(evidence, measured):
    scores, moved_names = evidence.scores["random_moved"], evidence.moved["random_moved"]
    value, of = measured("accuracy", "random_moved", split="moved", at="epoch 1")
    assert of.examples.names.tolist() == list(range(0, 200, 20))
    assert value == pytest.approx(float(consistency(scores)[1].sel(example=moved_names).mean()))
    original = select_split(evidence.scores["cnn"], "test")
    of_test = consistency(original)[1:].mean("epoch")
    of_classes = of_test.groupby(original["label"]).mean()
    moved = consistency(scores)[1:].mean("epoch").sel(example=moved_names)
    less, _ = measured("moved_less_own_class", "cnn", "random_moved")
    expected = (moved - of_classes.sel(label=scores["label"].sel(example=moved_names))).mean()
    assert less == pytest.approx(float(expected))


def test_moved_examples_are_compared_with_random_parts_of_the_test_set(measured):
    random, _ = measured("moved_as_test", "cnn", "random_moved")
    easiest, _ = measured("moved_as_test", "cnn", "easiest_moved")
    assert random < 0.9 < easiest


def test_what_is_too_small_to_be_seen_by_few_moved_examples_is_noted(evidence):
    """Of 10 examples, by the quantiles of the differences of random tens from the other 100."""
    of = MEASURES["moved_as_test"].of(evidence, "cnn", "random_moved")
    counts = {name: Stored(each) for name, each in evidence.scores.items()}
    found = re.findall(r"\d\.\d+", of.note(Scores(counts)))
    differ, typical, unseen = map(float, found)
    test = consistency(select_split(evidence.scores["cnn"], "test"))[1:].values
    moved = consistency(evidence.scores["random_moved"])[1:]
    moved = moved.sel(example=evidence.moved["random_moved"]).values
    observed = np.abs(moved.mean(axis=1) - test.mean(axis=1)).mean()
    assert differ == pytest.approx(observed, abs=5e-4)
    generator = np.random.default_rng(1)
    both = np.concatenate([moved, test], axis=1)
    orders = [generator.permutation(110) for _ in range(2000)]
    differences = [
        np.abs(both[:, order[:10]].mean(axis=1) - both[:, order[10:]].mean(axis=1)).mean()
        for order in orders
    ]
    assert [typical, unseen] == pytest.approx(np.percentile(differences, [50, 95]), rel=0.15)


def test_the_ranking_of_moved_examples_is_that_as_train_and_as_test_examples(evidence, measured):
    moved_names = evidence.moved["random_moved"]
    value, of = measured("order", "cnn", "random_moved", split="moved", r="Spearman")
    one, two = (
        evidence.scores[name]["accessibility"].sel(example=moved_names)
        for name in ("cnn", "random_moved")
    )
    assert value == pytest.approx(spearmanr(one, two).statistic)
    assert len(of.examples.names) == 10


def test_examples_line_up_by_name(evidence, measured):
    turned = evidence.scores["second"].isel(example=slice(None, None, -1))
    other = replace(evidence, scores=evidence.scores | {"second": turned})
    for measure in ("order", "accuracy_difference", "agreement_when_equal"):
        value, _ = measured(measure, "first", "second", evidence=other)
        assert value == pytest.approx(measured(measure, "first", "second")[0])


@pytest.mark.parametrize("split", ["train", "test"])
def test_right_where_right_by_hand(evidence, measured, split):
    measured = partial(measured, split=split)
    parts = [select_split(evidence.scores[name], split) for name in ("non_linear", "linear")]
    right, given = (majority_right(part["n_right"].values[10], 20) for part in parts)
    value, of = measured("more_right_given_right", "non_linear", "linear", when="end")
    assert value == pytest.approx(right[given].mean() - right.mean())
    assert of.epochs["linear"].tolist() == [10]
    share, _ = measured("right_given_right", "non_linear", "linear", when="end")
    assert share == pytest.approx(right[given].mean())
    first, _ = measured("more_right_given_right", "non_linear", "linear", when="beginning")
    fades, _ = measured("similarity_fades", "non_linear", "linear")
    assert fades == pytest.approx(first - value)
    one_epoch = replace(evidence, epochs={"figure_05": (7, 7)})
    with pytest.raises(InputError, match="have a single epoch at the beginning and at the end; tr"):
        measured("similarity_fades", "non_linear", "linear", evidence=one_epoch)
    named = replace(evidence, epochs={"figure_05": (1, 7)})
    of = measured("right_given_right", "non_linear", "linear", when="end", evidence=named)[1]
    assert of.epochs["non_linear"].tolist() == [7]


def test_classifiers_learn_what_networks_have_learned(evidence, measured):
    parts = [select_split(evidence.scores[name], "test") for name in ("cnn", "baselines/svm")]
    right = majority_right(parts[0]["n_right"].values[1], 20)
    given = majority_right(parts[1]["n_right"].values[0], 2)
    value, _ = measured("right_given_right", "cnn", "baselines/svm", when="beginning")
    assert value == pytest.approx(right[given].mean())
    easier, _ = measured("easier_for_both", "cnn", "baselines/svm", when="beginning")
    assert easier == pytest.approx(given[right].mean() - given[~right].mean())


def test_thirds_of_adaboost(evidence, measured):
    names = ("cnn", "baselines/adaboost")
    scores = select_split(evidence.scores["baselines/adaboost"], "test")
    everyone = float(consistency(scores).mean())
    for third, level in (("easy", 1), ("intermediate", 0.5), ("hard", 0.2)):
        value, _ = measured("boosting_less_mean", *names, third=third)
        assert value + everyone == pytest.approx(level, abs=0.1)
    rise, _ = measured("boosting_rise", *names, third="intermediate")
    assert rise == pytest.approx(0.9, abs=0.1)
    curve = consistency(scores).mean("example").values
    of_all, _ = measured("accuracy_rise", "baselines/adaboost")
    assert of_all == pytest.approx(np.polyfit(np.arange(10), curve, 1)[0] * 9)


def test_consensus_where_networks_are_wrong_is_high_only_if_they_agree(evidence, measured):
    """In main all wrong networks predict one label, in the others a label of their own."""
    alike, _ = measured("consensus_where_wrong", "main")
    apart, _ = measured("consensus_where_wrong", "cnn")
    assert alike > 0.8 and apart < 0.5


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_order_of_bins_is_that_of_means_of_examples(evidence, measured, split):
    one, two = (
        select_split(evidence.scores[name], split)["accessibility"].values
        for name in ("cnn", "baselines/adaboost")
    )
    bins = np.array_split(np.argsort(two, kind="stable"), 40)
    means = [[values[of].mean() for of in bins] for values in (one, two)]
    for r, of_scipy in (("Pearson", pearsonr), ("Spearman", spearmanr)):
        value, _ = measured("order_of_bins", "cnn", "baselines/adaboost", split=split, r=r)
        assert value == pytest.approx(of_scipy(*means).statistic)


@pytest.mark.parametrize(
    ("measure", "arguments"), [("agreement_when_equal", {}), ("diagonal", {"pair": "a late"})]
)
def test_agreement_is_measured_at_epochs_at_which_scores_differ(
    evidence, measured, measure, arguments
):
    """Two ensembles whose accuracy is above 0.9 from epoch 4 on."""
    scores = {
        name: each.assign(accuracy=each["accuracy"].where(each["epoch"] < 4, 0.95))
        for name, each in evidence.scores.items()
    }
    late = replace(evidence, scores=scores)
    _, found = measured(measure, "first", "second", evidence=late, **arguments)
    assert all(len(of) and of.max() < 4 for of in found.epochs.values())
    always = {
        name: each.assign(accuracy=0 * each["accuracy"] + 0.95) for name, each in scores.items()
    }
    with pytest.raises(InputError, match=r"at no epochs with accuracies of 0\.05 to 0\.9; take"):
        measured(measure, "first", "second", evidence=replace(evidence, scores=always), **arguments)


@pytest.mark.parametrize("split", ["train", "test"])
def test_agreement_by_rank_is_the_mean_of_the_epochs(evidence, measured, split):
    value, of = measured("agreement_when_equal", "first", "second", r="Spearman", split=split)
    parts = [select_split(evidence.scores[name], split)["n_right"] for name in of.epochs]
    by_epoch = [
        spearmanr(*(part.sel(epoch=epoch) for part, epoch in zip(parts, pair, strict=True)))
        for pair in zip(*of.epochs.values(), strict=True)
    ]
    assert len(by_epoch) > 1
    assert value == pytest.approx(np.mean([each.statistic for each in by_epoch]))


def test_agreement_at_equal_accuracies_is_that_of_the_nearest_epochs(evidence, measured):
    value, of = measured("agreement_when_equal", "first", "second")
    assert value > 0.9
    accuracies = [
        evidence.scores[name]["accuracy"].sel(split="test").mean("network").values
        for name in ("first", "second")
    ]
    pairs = zip(of.epochs["first"], of.epochs["second"], strict=True)
    assert all(abs(accuracies[0][one] - accuracies[1][two]) <= 0.01 for one, two in pairs)
    assert measured("weaker_first", "first", "second")[0] == 1


def test_what_the_weaker_gets_right_is_looked_up_when_the_other_is_as_accurate(made_up, measured):
    value, of = measured("right_when_as_accurate", "cnn", "baselines/svm")
    # The networks' accuracies are 0.47 and 0.52 after epochs 5 and 6, that of the SVM is 0.48.
    assert (value, of.epochs["cnn"].tolist()) == (1, [6])
    # Both are right about 0.55, in opposite orders: most of the linear ones about the last 0.4.
    opposite = made_up("small_mammals", False)
    value, of = measured("right_when_as_accurate", "cnn", "linear", evidence=opposite)
    assert (value, of.epochs["cnn"].tolist()) == (0, [7])
    stronger = "cnn is never as accurate on the test set as baselines/svm is at the end; train it"
    with pytest.raises(InputError, match=stronger):
        measured("right_when_as_accurate", "cnn", "baselines/svm", evidence=opposite)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_number_of_labels_that_networks_use_is_that_of_equally_frequent_ones(
    evidence, measured, split
):
    value, of = measured("more_labels", "main", split=split)
    assert of.epochs["main"].tolist() == [1, 10] and of.examples.words == split
    of_main = read_predictions(*evidence.predictions["main"])
    predictions = select_split(of_main, split)["prediction"].values
    by_network = [
        [np.exp(entropy(np.bincount(network[epoch], minlength=5))) for epoch in (1, 10)]
        for network in predictions
    ]
    begin, end = np.mean(by_network, axis=0)
    assert value == pytest.approx(end - begin) and end == pytest.approx(5, rel=1e-3)


def test_labels_are_counted_when_one_in_a_hundred_is_always_right(measured):
    value, of = measured("labels_at_one", "main")
    assert (value, of.epochs["main"].tolist()) == (2, [2])
    more, of = measured("labels_at_one", "main", at="last epoch less when 1 % first have it")
    assert (more, of.epochs["main"].tolist()) == (3, [2, 10])


def test_of_each_pattern_the_share_of_examples_is_counted(evidence, measured):
    constant, of = measured("patterns", "main", shown="stays constant")
    ranges = np.ptp(evidence.scores["main"]["n_right"].values, axis=0) / 20
    assert constant == (ranges <= 0.2).mean() > 0 and of.examples.words == "train and test"
    # One example was made to be so.
    falls, of = measured("patterns", "main", shown="high, then falls to 0", split="train")
    assert falls == 1 / 200 and of.examples.words == "train"
    jumps, _ = measured("patterns", "main", shown="jumps to 1 in one epoch")
    four, _ = measured("patterns", "main", shown="one of the first four")
    assert 1 > four > jumps > 0.1
    gaps = replace(evidence, scores={"main": evidence.scores["main"].sel(epoch=[0, 1, 2, 4])})
    with pytest.raises(InputError, match="main has no record of epoch 3, but the patterns of fig"):
        measured("patterns", "main", shown="dips, then rises to 1", evidence=gaps)


@pytest.mark.parametrize("split", ["train", "test", "train and test"])
def test_scores_remain_at_one_or_zero_if_no_network_changes_its_mind_again(
    evidence, measured, split
):
    """Of 10 trained epochs, the fifth is halfway; the made-up networks forget nothing."""
    value, of = measured("remains", "cnn", split=split)
    assert of.epochs["cnn"].tolist() == [5, 6, 7, 8, 9, 10]
    n_right = evidence.scores["cnn"].copy(deep=True)
    chosen = np.isin(n_right["example"].values, of.examples.names)
    courses = n_right["n_right"].values[5:, chosen]
    at_end = [course for course in courses.T if course[0] in (0, 20)]
    assert value == np.mean([len(set(course)) == 1 for course in at_end]) > 0
    # One network that errs once, at the last epoch, is enough.
    first = np.flatnonzero(chosen & (n_right["n_right"].values[5:] == 20).all(axis=0))[0]
    n_right["n_right"][-1, first] = 19
    other = replace(evidence, scores=evidence.scores | {"cnn": n_right})
    less, _ = measured("remains", "cnn", split=split, evidence=other)
    assert less == pytest.approx(value - 1 / len(at_end))


def test_whether_scores_remain_needs_two_epochs(evidence, measured):
    for epochs, words in (
        ([0, 1], r"cnn has a single trained epoch.* take two or more"),
        ([0, 1, 3, 9], "of cnn, the last epoch alone is recorded in the second half of training"),
    ):
        short = evidence.scores["cnn"].sel(epoch=epochs)
        with pytest.raises(InputError, match=words):
            measured("remains", "cnn", evidence=replace(evidence, scores={"cnn": short}))


@pytest.mark.parametrize(("measure", "of_cells"), [("corners", corners), ("diagonal", diagonal)])
def test_joint_distributions_of_the_train_set_are_of_epochs_that_are_equal_there(
    evidence, measured, measure, of_cells
):
    accuracies = [accuracy_by_epoch(evidence.scores[name], "train") for name in ("first", "second")]
    found = best_matched_pairs(*accuracies)[1]
    value, of = measured(measure, "first", "second", pair="a late", split="train")
    assert [of.epochs[name][0] for name in ("first", "second")] == [found.epoch_a, found.epoch_b]
    rows = [
        select_split(evidence.scores[name], "train")["n_right"].sel(epoch=epoch).values
        for name, epoch in (("first", found.epoch_a), ("second", found.epoch_b))
    ]
    assert value == of_cells(joint_cells(*rows, (20, 20))) and of.examples.words == "train"


def test_one_pair_of_epochs_is_not_counted_as_two(evidence, measured):
    """Made-up accuracies: one pair of epochs is within 0.01."""
    scores = dict(evidence.scores)
    for name, epochs in (("first", [0, 4]), ("second", [0, 4])):
        accuracy = scores[name]["accuracy"].copy()
        accuracy.loc[{"epoch": 4}] = 0.5
        scores[name] = scores[name].assign(accuracy=accuracy).sel(epoch=epochs)
    one = replace(evidence, scores=scores)
    measured("corners", "first", "second", pair="an early", evidence=one)
    with pytest.raises(InputError, match="first and second are equally accurate at one pair of ep"):
        measured("corners", "first", "second", pair="a late", evidence=one)


def test_the_weaker_come_first_on_the_train_set_too(evidence, measured):
    value, of = measured("weaker_first", "first", "second", split="train")
    accuracies = {
        name: evidence.scores[name]["accuracy"].sel(split="train").mean("network").values
        for name in ("first", "second")
    }
    weak, strong = sorted(accuracies, key=lambda name: accuracies[name][-1])
    reached = next(e for e in range(1, 11) if accuracies[strong][e] >= accuracies[weak][-1])
    right, given = (
        majority_right(
            select_split(evidence.scores[name], "train")["n_right"].sel(epoch=epoch).values, 20
        )
        for name, epoch in ((strong, reached), (weak, 10))
    )
    assert value == right[given].mean() and of.epochs[strong].tolist() == [reached]


def test_the_weaker_is_weaker_on_the_test_set_whatever_it_reaches_on_the_train_set(
    evidence, measured
):
    accuracies = {
        name: evidence.scores[name]["accuracy"].sel(split="test").mean("network").values[-1]
        for name in ("first", "second")
    }
    weak, strong = sorted(accuracies, key=accuracies.get)
    fitted = evidence.scores[weak].copy(deep=True)
    fitted["accuracy"].loc[{"split": "train", "epoch": 10}] = 1
    unlike = replace(evidence, scores=evidence.scores | {weak: fitted})
    message = f"{strong} is never as accurate on the train set as {weak} is at the end; train it"
    with pytest.raises(InputError, match=message):
        measured("weaker_first", "first", "second", split="train", evidence=unlike)
    assert measured("weaker_first", "first", "second", evidence=unlike)[0] == 1


def test_courses_of_single_examples_and_classes(measured):
    """Examples are learned one after the other, at once; classes follow their ranks."""
    assert measured("longer_at_zero", "main", split="train")[0] < -0.8
    assert measured("rapid_rise", "main", split="train")[0] < 1
    assert measured("order_of_classes", "main", split="train")[0] > 0.9


def test_how_fast_examples_rise_does_not_depend_on_what_untrained_networks_get_right(
    evidence, measured
):
    value, _ = measured("rapid_rise", "main", split="train")
    lucky = evidence.scores["main"].copy(deep=True)
    lucky["n_right"].loc[{"epoch": 0}] = lucky.sizes["network"]
    lucky = replace(evidence, scores=evidence.scores | {"main": lucky})
    assert measured("rapid_rise", "main", split="train", evidence=lucky)[0] == value


@pytest.mark.parametrize(
    "measure, names, arguments, change, message",
    [
        (
            *("accuracy", ["cnn"], {"split": "moved"}, {}),
            r"the scores of cnn do not say which .* take an ensemble",
        ),
        (
            *("labels_at_one", ["cnn"], {}, {"cnn": lambda s: s.assign(n_right=s["n_right"] // 2)}),
            "fewer than 1% .* train it for longer",
        ),
        (
            *("accuracy_rise", ["baselines/adaboost"], {}),
            {"baselines/adaboost": lambda s: s.isel(epoch=[0])},
            "baselines/adaboost has a single weak learner, and no change; take two or more",
        ),
        (
            *("order", ["cnn", "first"], {}),
            {"first": lambda s: s.assign(label=1 + s["label"])},
            "cnn and first cannot be compared on the test set.*same dataset",
        ),
        (
            *("bimodality", ["cnn"], {"at": "phase 3"}),
            {"cnn": lambda s: s.assign(n_right=s["n_right"] * 0 + 19)},
            "consistency of cnn on the test set is not within .* at phase 3",
        ),
        (
            *("unanimous", ["cnn"], {}, {"cnn": lambda s: s.assign(n_right=s["n_right"] * 0 + 19)}),
            "consistency of cnn on the test set is not within .* at epochs with a mean c",
        ),
        (
            *("bimodality", ["main"], {"split": "train", "at": "the last epoch"}, {}),
            "consistency of main on the train set is not within .* at the last epoch",
        ),
        (
            *("generalization", ["main", "cnn"], {}, {}),
            "there are fewer than 5 ensembles that learn; add some",
        ),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(
    evidence, measure, names, arguments, change, message
):
    scores = {name: of(evidence.scores[name]) for name, of in change.items()}
    changed = replace(evidence, scores=evidence.scores | scores)
    with pytest.raises(InputError, match=message):
        MEASURES[measure].of(changed, *names, **arguments)
