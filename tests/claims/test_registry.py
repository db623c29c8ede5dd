import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from created_equal.claims import measures
from created_equal.claims.check import check_claims, verdict_of
from created_equal.claims.claim import SMALL_MAMMALS
from created_equal.claims.nulls import independent_networks
from created_equal.claims.registry import CLAIMS, SUPPLEMENT_C
from created_equal.study import load_study, names_in

INF = math.inf
# The paper's number, and from where to where a value counts as reproduced (FACTS).
NUMBERS = {
    "figure_01a_untrained_mean": (0.2, 0.18, 0.22),
    "section_4_2_non_linear_accuracy": (0.56, 0.54, 0.58),
    "section_4_2_linear_accuracy": (0.43, 0.4, 0.46),
    "figure_04a_split_halves": (0.99, 0.98, INF),
    "figure_04b_two_architectures": (0.87, 0.85, INF),
    "figure_04c_corners": (10, 10, INF),
    "figure_04d_corners": (10, 10, INF),
    "section_4_1_resnet_accuracy": (0.76, 0.74, 0.78),
    "section_4_1_alexnet_accuracy": (0.55, 0.53, 0.57),
    "figure_06b_bins": (0.83, 0.75, INF),
    "figure_07_svm_accuracy": (0.48, 0.46, 0.5),
    "figure_07_k_nearest_neighbours_accuracy": (0.36, 0.34, 0.38),
    "figure_07_perceptron_accuracy": (0.35, 0.3, 0.4),
    "figure_07_decision_tree_accuracy": (0.31, 0.29, 0.33),
    "figure_07_random_forest_accuracy": (0.48, 0.46, 0.5),
    "figure_07_gaussian_naive_bayes_accuracy": (0.38, 0.36, 0.4),
    "figure_08_train_accuracy": (1.0, 0.99, INF),
    "figure_08_minimum_train": (1.07, 0.8, INF),
    "figure_08_minimum_test": (1.35, 0.8, INF),
    "figure_08b_centre": (0.8, 0.7, 0.9),
    "figure_08d_hard_accuracy": (0.3, 0.26, 0.34),
    "figure_08d_random_accuracy": (0.47, 0.44, 0.5),
    "figure_08d_gap": (0.17, 0.1, INF),
    "moved_easiest_epoch_1": (1.0, 0.95, INF),
    "moved_hardest_epoch_1": (0.08, -INF, 0.12),
    "moved_hardest_end": (0.0, -INF, 0.03),
    "figure_09_two_classes": (2, 2, 2),
    "figure_11_patterns": (5, 5, INF),
    "supplement_a_mnist_accuracy": (0.99, 0.99, INF),
    **{
        f"section_4_2_{name}_bimodality_{reading}_{split}": number
        for name, number in {
            "non_linear": (0.22, 0.12, 0.32),
            "linear": (0.055, -INF, 0.1),
        }.items()
        for reading in ("lowest", "mean", "final")
        for split in ("train", "test")
    },
}
# Where the paper has none: what counts as borne out.
DIRECTIONS = {
    "figure_01a_untrained_at_chance": (-0.02, 0.02),
    **{
        f"{name}_{split}": accepted
        for name, accepted in {
            "abstract_unanimous": (0.5, INF),
            "figure_01a_initialisation": (0.8, INF),
            "figure_01b_beginning": (0.5, INF),
            "figure_01c_bimodality": (-INF, 0.8),
            "figure_08d_not_bimodal": (0.8, INF),
        }.items()
        for split in ("train", "test")
    },
    "figure_01d_end": (0.95, INF),
    "figure_02_bimodality": (-INF, 0.8),
    "figure_03_consensus_rises": (0.8, INF),
    "moved_easiest_less_test": (0, INF),
    "moved_hardest_less_test": (-INF, 0),
    "moved_random_less_test": (-0.06, 0.06),
    "figure_04c_diagonal": (1, INF),
    "figure_04d_diagonal": (1, INF),
    "figure_05a_linear_right": (0, INF),
    "figure_05b_linear_right": (0, INF),
    "section_4_2_linear_is_weaker": (-INF, 0),
    "section_4_2_linear_more_bimodal_test": (-INF, 0),
    "section_4_2_linear_more_bimodal_train": (-INF, 0),
    "figure_06a_easy_high": (0, INF),
    "figure_06a_easy_flat": (-0.05, 0.05),
    "figure_06a_intermediate_rises": (0, INF),
    "figure_06a_hard_low": (-INF, 0),
    "figure_06a_hard_falls": (-INF, 0),
    "section_5_boosting_improves": (0, INF),
    "figure_06b_examples": (0.4, INF),
    "figure_07_weaker": (-INF, 0),
    "figure_07_easier_beginning": (0, INF),
    "figure_07_easier_end": (0, INF),
    "figure_08_test_at_chance": (-0.05, 0.05),
    "figure_09_more_classes": (0, INF),
    "supplement_c_data_set": (-INF, 0.8),
    "supplement_c_robustness": (-INF, 0.8),
    "supplement_c_pair": (0.8, INF),
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
@pytest.mark.parametrize("good", [True, False], ids=["holds", "fails"])
def test_every_claim_holds_where_it_should_and_fails_where_it_should(made_up, claim, good):
    evidence = made_up(claim.studies[0], good)
    for row in check_claims(evidence, [claim]):
        assert not math.isnan(row.value), row.note
        # The median of the resamples is the value itself.
        assert row.examples_lower <= row.value <= row.examples_upper
        # AdaBoost alone has nothing to resample.
        assert row.networks == 1 or row.networks_lower <= row.value <= row.networks_upper
        assert row.verdict in (
            ("direction only: holds", "too few networks: would be met", "reproduced")
            if good
            else (
                "direction only: does not hold",
                "too few networks: would not be met",
                "not reproduced",
            )
        ), (row.value, row.tolerance)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_claim_has_a_null_with_a_value(made_up, claim):
    for row in check_claims(made_up(claim.studies[0], True), [claim]):
        values = [getattr(row, kind) for kind in claim.nulls]
        assert values
        assert any(not math.isnan(value) for value in values)


def test_ids_are_unique_and_every_claim_says_what_it_measures():
    assert max(Counter(claim.id for claim in CLAIMS).values()) == 1
    for claim in CLAIMS:
        assert claim.sentence.endswith(".")
        assert claim.statistic and claim.where and claim.section
        assert claim.accepted.words
        # Studies are those of the paper's number.
        assert claim.studies == SMALL_MAMMALS or claim.paper is not None


def test_numbers_of_networks_are_those_of_supplement_c():
    networks = {claim.id: claim.networks for claim in CLAIMS}
    assert networks["section_4_1_resnet_accuracy"] == 27
    assert networks["section_4_1_alexnet_accuracy"] == 22
    # The smaller of two; figure 4a is of 13 and 13 of the 27.
    assert networks["figure_04b_two_architectures"] == networks["figure_04d_corners"] == 22
    assert networks["figure_04a_split_halves"] == 26
    assert networks["supplement_a_mnist_accuracy"] == 100
    claims = {claim.id: claim for claim in CLAIMS}
    for name in ("figure_02_bimodality", "supplement_c_data_set", "supplement_c_robustness"):
        alone = claims[name].networks_of
        assert alone("imagenet", ["resnet50"]) == 27
        assert alone("imagenet", ["alexnet"]) == 22
        assert alone("imagenet", ["densenet121"]) == 7
        assert alone("cifar10", ["vgg16"]) == alone("cifar100", ["vgg16"]) == 20
        assert alone("mnist", ["mnist_cnn"]) == alone("insects", ["st_vgg"]) == 100
        assert alone("small_mammals", ["variation_adam"]) == 100
        # Of these it says nothing.
        assert alone("digits", ["st_vgg"]) is alone("insects", ["small_st_vgg"]) is None
    pair = claims["supplement_c_pair"].networks_of
    assert pair("imagenet", ["resnet50", "alexnet"]) == 22
    assert pair("cifar100", ["vgg16", "st_vgg"]) == 20
    assert pair("small_mammals", ["st_vgg", "small_st_vgg"]) == 100
    assert pair("tiny_imagenet", ["st_vgg", "small_st_vgg"]) is None
    assert pair("digits", []) is None


def test_the_studies_of_the_paper_have_the_ensembles_of_supplement_c(monkeypatch):
    """Of one renamed, a row would silently lose the paper's N."""
    monkeypatch.chdir(Path(__file__).parents[2])
    for key, networks in SUPPLEMENT_C.items():
        study, _, name = key.partition("/")
        ensembles = load_study(study).ensembles
        for each in [name] if name else ensembles:
            assert ensembles[each].n_networks == networks, key


def test_independent_networks_are_not_called_bimodal(made_up):
    """Their measure is below 2 - 2/N, its value for infinitely many examples, half of the time."""
    evidence = made_up("small_mammals", True)
    scores = independent_networks(evidence.scores["main"], seed=1)
    scores = evidence.scores["main"].assign(n_right=scores["n_right"])
    everywhere = replace(evidence, scores=dict.fromkeys(evidence.scores, scores))
    bimodal = [claim for claim in CLAIMS if claim.measure is measures.bimodality]
    assert len(bimodal) == 3
    for claim in bimodal:
        (row,) = check_claims(everywhere, [claim])
        assert 0.8 < row.value < 1.9
        assert row.verdict == "direction only: does not hold"


def test_the_lowest_bimodality_says_where_it_is_sought():
    lowest = [
        claim for claim in CLAIMS if "lowest bi-modality" in f"{claim.statistic} {claim.sentence}"
    ]
    assert len(lowest) >= 7
    for claim in lowest:
        assert "mean consistency is within 0.05 and 0.9" in claim.statistic, claim.id
        if claim.section.startswith("4.2"):
            assert "mean consistency is within 0.05 and 0.9" in claim.sentence, claim.id


def test_numbers_of_the_paper_and_what_counts_as_reproduced():
    numbers = {claim.id: claim for claim in CLAIMS if claim.paper is not None}
    assert numbers.keys() == NUMBERS.keys()
    for name, claim in numbers.items():
        found = (claim.paper, claim.accepted.lowest, claim.accepted.highest)
        assert found == pytest.approx(NUMBERS[name], abs=1e-8), name


def test_what_counts_where_the_paper_has_no_number():
    directions = {claim.id: claim.accepted for claim in CLAIMS if claim.paper is None}
    assert directions.keys() == DIRECTIONS.keys()
    for name, accepted in directions.items():
        found = (accepted.lowest, accepted.highest)
        assert found == pytest.approx(DIRECTIONS[name], abs=1e-8), name


def test_only_a_number_of_the_paper_for_the_same_data_is_reproduced():
    claims = {claim.id: claim for claim in CLAIMS}

    def verdict(name, study):
        claim = claims[name]
        return verdict_of(claim, study, 0.99, claim.networks, claim.networks)

    for name in ("figure_04a_split_halves", "figure_04b_two_architectures"):
        assert verdict(name, "imagenet") == "reproduced"
        assert verdict(name, "small_mammals") == verdict(name, "mnist") == "direction only: holds"
    # The paper's r of figure 6b has the p of 40 points.
    assert verdict("figure_06b_bins", "small_mammals") == "reproduced"
    assert verdict("figure_06b_examples", "small_mammals") == "direction only: holds"
    assert claims["moved_random_less_test"].paper is None


def test_numbers_of_small_mammals_are_listed_for_small_mammals_alone(checked):
    rows = checked("digits")
    alone = {claim.id for claim in CLAIMS if not claim.elsewhere}
    assert {"section_4_2_non_linear_accuracy", "figure_07_svm_accuracy"} <= alone
    assert not alone & {row.id for row in rows}
    assert {claim.studies for claim in CLAIMS if claim.id in alone} == {
        SMALL_MAMMALS,
        ("imagenet",),
        ("mnist",),
    }


def test_bimodality_of_linear_networks_is_read_in_six_ways():
    for name in ("linear", "non_linear"):
        readings = [claim for claim in CLAIMS if f"4_2_{name}_bimodality" in claim.id]
        assert len({claim.statistic for claim in readings}) == 6


def test_roles_are_those_of_figures(made_up):
    roles = made_up("digits", True).roles
    for claim in CLAIMS:
        assert all(names_in(role, roles) for role in claim.roles), claim.id
