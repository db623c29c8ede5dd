"""The claims of claims.yaml, and the values that they accept."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from created_equal.claims.check import check_claims
from created_equal.claims.claim import Accepted, paper_studies, read_claims
from created_equal.scores import NULLS
from created_equal.study import load_study

CLAIMS = {claim.id: claim for claim in read_claims()}
YAML = Path(__file__).parents[2] / "src/created_equal/claims/claims.yaml"
POSITIVE = ("reproduced", "holds", "met by choice", "too few networks: would be met")
NEGATIVE = ("not reproduced", "does not hold", "too few networks: would not be met")
# These take more ensembles, or other courses of learning, than the made-up results have.
ALONE = {"section_6_generalization", "figure_08_lowest_train", "figure_08_lowest_test"}
# Where all other claims fail, no example is at 0, and what should be weaker is the strongest.
NOT_MEASURED = {
    *("supplement_c_longer_at_zero_train", "supplement_c_longer_at_zero_test"),
    *("section_4_2_learned_early", "section_4_2_learned_early_train"),
    "section_1_same_when_as_accurate",
}


@pytest.mark.parametrize(
    "words, inside, outside",
    [
        ("0.56 ± 0.02", [0.54, 0.58, 0.48 + 0.06], [0.539, 0.581]),
        ("at least 10", [10, 9.99999999999999, 11], [9.9]),
        ("at most 0.1", [0.1 + 1e-12, -5], [0.11]),
        ("above 0", [0.01], [0, 1e-12, -1]),
        ("below 0.8", [0.79], [0.8, 0.8 - 1e-12, 1]),
        ("interval around 1", [1, 1 + 1e-12], [0.9, 1.1]),
    ],
)
def test_limits_have_an_allowance_for_rounding(words, inside, outside):
    assert all(value in Accepted(words) for value in inside)
    assert not any(value in Accepted(words) for value in [*outside, math.nan])


@pytest.mark.parametrize(
    "accepted, value, margin, turns",
    [
        (Accepted("0.56 ± 0.02", 0.56), 0.575, 9, (True, False)),
        (Accepted("0.56 ± 0.02", 0.56), 0.59, 9, (False, True)),
        (Accepted("at least 0.85", 0.87), 0.855, 9, (True, False)),
        (Accepted("at least 0.85", 0.87), 0.84, 9, (False, True)),
        (Accepted("at most 0.12", 0.08), 0.05, 9, (False, False)),
        # A limit without a tolerance moves by half the margin, or by all of it.
        (Accepted("above 0.5"), 0.51, 0.04, (True, False)),
        (Accepted("above 0.5"), 0.53, 0.04, (False, False)),
        (Accepted("above 0.5"), 0.47, 0.04, (False, True)),
        (Accepted("above 0.5"), 0.45, 0.04, (False, False)),
        (Accepted("below 0"), -0.01, 0.04, (True, False)),
        (Accepted("below 0"), 0.03, 0.04, (False, True)),
        (Accepted("at least 10", 10), 11, 4, (True, False)),
        (Accepted("above 0.5"), 0.51, 0, (False, False)),
        (Accepted("interval around 1"), 1.01, 0.04, (False, False)),
    ],
)
def test_which_verdicts_turn_at_half_and_at_twice_the_tolerance(accepted, value, margin, turns):
    assert tuple(accepted.turns(value, factor, margin) for factor in (0.5, 2)) == turns


@pytest.mark.parametrize(
    "words, lower, upper, decides",
    [
        ("0.56 ± 0.02", 0.55, 0.57, True),
        ("0.56 ± 0.02", 0.5, 0.53, True),
        ("0.56 ± 0.02", 0.53, 0.55, False),
        ("0.56 ± 0.02", 0.5, 0.6, False),
        ("at least 0.8", 0.7, 0.9, False),
        ("at least 0.8", 0.5, 0.7, True),
        ("below 0.8", 0.1, 0.7, True),
    ],
)
def test_whether_an_interval_decides(words, lower, upper, decides):
    assert Accepted(words).decides(lower, upper) is decides


@pytest.mark.parametrize(
    "value, lower, upper, decides", [(3, 0.5, 4, 1), (3, 2, 4, 2), (0.1, 0, 0.5, 0.5)]
)
def test_an_interval_around_a_number_decides_whatever_the_value_is(value, lower, upper, decides):
    assert Accepted("interval around 1").deciding(value, lower, upper) == decides
    assert Accepted("at least 1").deciding(value, lower, upper) == value
    assert math.isnan(Accepted("interval around 1").deciding(value, math.nan, math.nan))
    # An interval that is wide enough contains any number, which confirms nothing.
    assert Accepted("interval around 1").decides(lower, upper) is (decides != 1)


@pytest.mark.parametrize(
    "words, null, ours, share",
    [
        ("above 0.5", [0.6, 0.4, 0.4, math.nan], [0.8, 0.9], 0.25),
        # Of a sign alone, the null takes the place of 0.
        ("above 0", [0.1, 0.1], [0.3, 0.5], 0),
        ("above 0", [0.1, 0.4], [0.3, 0.5], 0),
        ("above 0", [0.4, 0.1], [0.3, 0.5], 0.5),
        ("above 0", [-0.1], [-0.2, 0, 0.1, 0.5], 0.25),
        ("below 0", [-0.1], [-0.5, -0.3], 0),
        ("below 0", [-0.6, -0.1], [-0.5, -0.3, -0.5, -0.3], 0.5),
        ("below 0", [-0.6, -0.1, -0.2], [-0.5], 1 / 3),
        ("above 0", [math.nan], [0.3, 0.5], 0),
        ("above 0", [0.4, 0.4], [math.nan, 0.5], 0),
        ("above 0", [0.1], [math.nan], 1),
    ],
)
def test_the_share_of_draws_of_a_null_that_meet_a_claim_too(words, null, ours, share):
    assert Accepted(words).met_by(np.array(null), np.array(ours)) == share


def test_every_id_is_found_by_grep_and_there_is_one_of_each():
    text = YAML.read_text()
    found = Counter(claim.id for claim in read_claims())
    assert max(found.values()) == 1 and len(found) > 100
    assert all(name in text.split() or f"{name}:" in text.split() for name in found)


def test_claims_are_sentences_with_a_statistic_and_an_origin_of_the_limit():
    for claim in read_claims():
        assert claim.sentence.endswith(".") and claim.where and claim.section and claim.tolerance
        statistic = claim.measure.statistic(claim.arguments)
        assert statistic and "{" not in statistic
        assert set(claim.measure.nulls) <= set(NULLS)
        0.5 in claim.accepted  # noqa: B015 - a limit that cannot be read raises an error.
        if claim.reading_of:
            assert CLAIMS[claim.reading_of].accepted.words == claim.accepted.words


def test_what_is_tested_by_a_limit_of_words_reproduces_no_number():
    """A bi-modality of 0.81 is above 0.8, but it is no reproduction of 1.35."""
    by_words = [
        claim
        for claim in read_claims()
        if claim.tolerance.startswith(("the limit is what the words", "only the sign"))
    ]
    assert len(by_words) > 50
    for claim in by_words:
        assert math.isnan(claim.accepted.paper)
        assert not claim.has_number("small_mammals")


def test_what_the_paper_says_of_train_and_test_set_is_tested_on_both():
    for of_test in (
        *("figure_01a_untrained_at_chance", "figure_04c_corners", "figure_04d_diagonal"),
        *("section_4_1_weaker_first", "figure_05a_linear_right", "figure_05b_almost_always"),
        "section_4_2_most_at_beginning",
    ):
        test, train = (CLAIMS[name] for name in (of_test, f"{of_test}_train"))
        assert train.measure is test.measure and train.sentence == test.sentence
        assert train.arguments == test.arguments | {"split": "train"}
        assert (train.accepted.words, train.chosen) == (test.accepted.words, test.chosen)


@pytest.mark.parametrize(
    "claim, statistic",
    [
        ("figure_01b_beginning_train", "(c < 1/K), at the epoch of beginning, train examples"),
        ("figure_02_two_peaks", "over that of the middle, mean over phase 3, test examples"),
        ("figure_06a_hard_low", "on the hard third by a: less that on all examples, mean over all"),
        ("figure_11_remains", "Share of the examples with c = 1, or 0, halfway through training"),
    ],
)
def test_statistics_in_words(claim, statistic):
    assert statistic in CLAIMS[claim].measure.statistic(CLAIMS[claim].arguments)


def test_ids_that_end_in_a_split_measure_that_split():
    of_splits = [(name.rpartition("_")[2], claim) for name, claim in CLAIMS.items()]
    of_splits = [
        (split, claim)
        for split, claim in of_splits
        if split in ("train", "test") and "split" in (claim.measure.of.__kwdefaults__ or {})
    ]
    assert len(of_splits) > 60
    for split, claim in of_splits:
        assert claim.arguments["split"] == split
        assert split in claim.measure.statistic(claim.arguments)
    assert "split" not in CLAIMS["moved_easiest_less_test"].arguments
    lowest = CLAIMS["section_4_2_linear_bimodality_lowest_train"]
    assert lowest.arguments["over"] == "lowest"
    assert lowest.reading_of == "section_4_2_linear_bimodality_mean_test"


def test_numbers_of_networks_are_those_of_supplement_c():
    networks = {name: claim.networks for name, claim in CLAIMS.items()}
    assert networks["section_4_1_resnet_accuracy"] == 27
    assert networks["section_4_1_alexnet_accuracy"] == 22
    # The smaller of two; figure 4a is of 13 and 13 of the 27.
    assert networks["figure_04b_two_architectures"] == networks["figure_04d_corners"] == 22
    assert networks["figure_04a_split_halves"] == 26
    assert networks["section_5_boosting_improves"] is None
    alone = CLAIMS["supplement_c_data_set"].networks_of
    assert alone("imagenet", ["resnet50"]) == 27
    assert alone("imagenet", ["densenet121"]) == 7
    assert alone("mnist", ["mnist_cnn"]) == alone("small_mammals", ["variation_adam"]) == 100
    # Of these it says nothing.
    assert alone("digits", ["st_vgg"]) is alone("insects", ["small_st_vgg"]) is None
    pair = CLAIMS["supplement_c_pair"].networks_of
    assert pair("cifar100", ["vgg16", "st_vgg"]) == 20
    assert pair("tiny_imagenet", ["st_vgg", "small_st_vgg"]) is pair("digits", []) is None


def test_the_studies_of_the_paper_have_the_ensembles_of_supplement_c(monkeypatch):
    """If one were renamed, a row would silently lose the paper's N."""
    monkeypatch.chdir(Path(__file__).parents[2])
    for key, networks in CLAIMS["supplement_c_data_set"].networks.items():
        study, _, name = key.partition("/")
        ensembles = load_study(study).ensembles
        # Those that share noise or have half of the train set are not in the paper.
        of_paper = [
            each for each, of in ensembles.items() if not of.shared and "half" not in of.derived
        ]
        for each in [name] if name else of_paper:
            assert ensembles[each].n_networks == networks, key
    assert {"small_mammals", "imagenet"} < paper_studies()
    assert "digits" not in paper_studies()


@pytest.mark.parametrize("study", ["small_mammals", "imagenet", "mnist"])
@pytest.mark.parametrize("good", [True, False], ids=["holds", "fails"])
def test_every_claim_holds_where_it_should_and_fails_where_it_should(
    made_up, few_replicates, study, good
):
    claims = [
        claim
        for claim in read_claims()
        if claim.studies[0] == study and claim.id not in (ALONE if good else ALONE | NOT_MEASURED)
    ]
    rows = check_claims(made_up(study, good), claims)
    assert {row.id.partition(":")[0] for row in rows} == {claim.id for claim in claims}
    for row in rows:
        assert row.verdict.startswith(POSITIVE if good else NEGATIVE), row
        assert math.isnan(row.lower) or row.lower <= row.value <= row.upper
        values = [getattr(row, null) for null in CLAIMS[row.id.split(":")[0]].measure.nulls]
        assert not (good and values) or any(not math.isnan(value) for value in values), row.id
