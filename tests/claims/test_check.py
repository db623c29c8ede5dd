import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr, t

from created_equal.artefacts import read_predictions, select_split
from created_equal.claims import check
from created_equal.claims.check import (
    Case,
    check_claims,
    conclusion_of,
    epochs_in_words,
    verdict_of,
)
from created_equal.claims.claim import Accepted, read_claims
from created_equal.scores import Hypotheses, hypotheses, spearman_brown

CLAIMS = {claim.id: claim for claim in read_claims()}
NUMBER = CLAIMS["section_4_2_non_linear_accuracy"]
NUMBER = replace(NUMBER, chosen=False)
OF_NETWORKS = replace(CLAIMS["abstract_unanimous_test"], networks=100)
NAN, NONE = math.nan, ()


@pytest.mark.parametrize(
    "claim, study, value, networks, expected, also_under, verdict",
    [
        (NUMBER, "small_mammals", 0.55, 100, NAN, NONE, "reproduced"),
        (NUMBER, "small_mammals", 0.50, 100, NAN, NONE, "not reproduced"),
        (NUMBER, "small_mammals", 0.55, 99, NAN, NONE, "too few networks: would be met"),
        (NUMBER, "small_mammals", 0.50, 1, NAN, NONE, "too few networks: would not be met"),
        (NUMBER, "digits", 0.55, 1, NAN, NONE, "holds"),
        (NUMBER, "digits", 0.50, 4, NAN, NONE, "does not hold"),
        (NUMBER, "small_mammals", NAN, 100, NAN, NONE, "not measured"),
        (NUMBER, "digits", 0.55, 1, NAN, ("class_means",), "holds, and under a null too"),
        (
            *(NUMBER, "small_mammals", 0.55, 100, NAN, ("class_means",)),
            "reproduced, and under a null too",
        ),
        (replace(NUMBER, chosen=True), "small_mammals", 0.55, 100, NAN, NONE, "met by choice"),
        (replace(NUMBER, chosen=True), "small_mammals", 0.5, 100, NAN, NONE, "not reproduced"),
        (OF_NETWORKS, "digits", 0.9, 4, 0.9, NONE, "too few networks"),
        (OF_NETWORKS, "digits", 0.9, 5, 0.9, NONE, "holds"),
        (OF_NETWORKS, "digits", 0.9, 5, 0.3, NONE, "too few networks: would not be met"),
        (OF_NETWORKS, "digits", 0.3, 5, 0.9, NONE, "too few networks: would be met"),
        (OF_NETWORKS, "small_mammals", 0.3, 5, 0.2, NONE, "does not hold"),
    ],
)
def test_verdicts(claim, study, value, networks, expected, also_under, verdict):
    case = Case(claim, claim.id, ("main",), 100)
    assert verdict_of(case, study, value, networks, expected, also_under) == verdict


@pytest.mark.parametrize(
    "study, verdict, stable, conclusion",
    [
        ("small_mammals", "reproduced", "yes", "verified"),
        ("small_mammals", "holds", "yes", "verified"),
        ("small_mammals", "does not hold", "yes", "falsified"),
        ("small_mammals", "holds", "no", "inconclusive"),
        ("small_mammals", "holds", "", "inconclusive"),
        ("small_mammals", "holds, and under a null too", "yes", "inconclusive"),
        ("small_mammals", "met by choice", "yes", "inconclusive"),
        ("small_mammals", "too few networks: would be met", "yes", "inconclusive"),
        ("digits", "holds", "yes", "toy"),
        ("digits", "does not hold", "no", "toy"),
        ("digits", "too few networks", "yes", "inconclusive"),
        ("digits", "not measured", "", "inconclusive"),
    ],
)
def test_conclusions(study, verdict, stable, conclusion):
    claim = CLAIMS["figure_01c_bimodality_test"]
    assert conclusion_of(claim, study, verdict, stable) == conclusion


@pytest.mark.parametrize(
    "name, conclusion",
    [
        ("section_4_2_non_linear_accuracy", "falsified"),
        # A number of ImageNet, and a limit that was set when the value was known.
        ("figure_04b_two_architectures", "inconclusive"),
        ("figure_11_most_examples", "inconclusive"),
    ],
)
def test_neither_other_data_nor_a_limit_set_afterwards_decides(name, conclusion):
    assert conclusion_of(CLAIMS[name], "small_mammals", "does not hold", "yes") == conclusion


def test_networks_with_other_settings_than_the_paper_s_decide_nothing(made_up, few_replicates):
    evidence = made_up("small_mammals", True)
    claims = [each for each in read_claims() if each.id.startswith(("figure_04", "figure_01"))]
    rows = check_claims(evidence, claims)
    of_trial = check_claims(replace(evidence, trained_otherwise=frozenset(["main"])), claims)
    decided = {row.id for row in rows if row.conclusion in ("verified", "falsified")}
    changed = {row.id for row in rows if "main" in row.ensembles.split(", ")}
    assert decided and decided <= changed != {row.id for row in rows}
    for row, other in zip(rows, of_trial, strict=True):
        words = " main has other settings than small_mammals has, so nothing is concluded."
        expected = {"conclusion": "inconclusive", "note": f"{row.note}{words}".strip()}
        assert str(other) == str(replace(row, **expected) if row.id in changed else row)
    claim = CLAIMS["figure_01c_bimodality_test"]
    assert conclusion_of(claim, "digits", "holds", "yes", as_planned=False) == "toy"


def test_the_same_test_and_another_reading_are_counted_once(made_up, few_replicates):
    """Figure 2 and supplement C say the same of one ensemble; epochs count, not steps."""
    evidence = made_up("small_mammals", True)
    (name,) = evidence.roles["figure_02.ensemble"]
    roles = evidence.roles | {"robustness.ensembles": (*evidence.roles["figure_01.ensemble"], name)}
    names = ("figure_02_bimodality", "supplement_c_robustness")
    names += ("figure_01b_first_steps_train", "figure_01b_beginning_train")
    claims = [CLAIMS[each] for each in names]
    first, same, steps, beginning = check_claims(replace(evidence, roles=roles), claims)
    assert same.id == f"supplement_c_robustness:{name}" and same.reading_of == first.id
    assert steps.reading_of == beginning.id
    assert first.reading_of == beginning.reading_of == ""
    # A reading counts if the one that stands before it cannot be measured.
    roles.pop("figure_01.ensemble")
    *_, steps, beginning = check_claims(replace(evidence, roles=roles), claims)
    assert beginning.verdict == "not measured" and steps.reading_of == ""


@pytest.mark.parametrize("networks", [1, 4])
def test_nothing_that_rests_on_networks_holds_for_want_of_them(
    made_up, with_networks, few_replicates, networks
):
    """Of one network the bi-modality is 0 and all examples are unanimous, by definition."""
    few = with_networks(made_up("digits", False), networks)
    on_networks = check_claims(few, [each for each in read_claims() if each.measure.fewest > 1])
    assert len(on_networks) > 60
    for row in on_networks:
        assert row.verdict in ("too few networks", "not measured"), row
    assert all(row.interval_over != "examples and networks" for row in on_networks)


def test_a_claim_that_more_networks_would_refute_does_not_hold(made_up, with_networks):
    """Six of the networks: half of the examples are divided, and seldom by so few."""
    evidence = made_up("digits", True)
    claim = replace(OF_NETWORKS, accepted=Accepted("above 0.75"))
    (row,) = check_claims(with_networks(evidence, 6), [claim])
    assert row.networks == 6 and row.expected < row.value
    assert row.by_networks.startswith("2: ")
    assert "kappa" in row.free_of_networks and "Beta(" in row.free_of_networks


def test_a_row_says_what_it_rests_on(made_up):
    evidence = made_up("small_mammals", True)
    (row,) = check_claims(evidence, [CLAIMS["figure_02_bimodality"]])
    assert (row.networks, row.paper_networks, row.fewest_networks) == (20, 100, 5)
    assert (row.ensembles, row.examples) == ("main", "test")
    assert row.interval_over == "examples and networks"
    assert row.lower < row.value < row.upper and row.deviation > 0
    assert row.independent_networks > 1 > row.value
    assert row.classes_kept > row.value
    # Classes are learned one after the other, so they alone are bi-modal.
    assert row.verdict == "holds, and under a null too" and row.also_under == "classes_kept"
    assert row.stable == "yes" and row.conclusion == "inconclusive"
    (row,) = check_claims(evidence, [CLAIMS["figure_01d_end"]])
    assert row.verdict == "holds" and row.conclusion == "verified"


def test_a_row_that_holds_under_a_null_too_says_so(made_up):
    evidence = made_up("small_mammals", True)
    (row,) = check_claims(evidence, [CLAIMS["figure_03_consensus_rises_test"]])
    assert row.verdict == "holds, and under a null too"
    assert "independent_networks" in row.also_under
    assert row.conclusion == "inconclusive"
    # A claim that there is no agreement says what the nulls say.
    (row,) = check_claims(evidence, [CLAIMS["figure_01a_initialisation_test"]])
    assert row.independent_networks in Accepted(row.accepted)
    # It is named all the same, and the page does not count the claim as one beyond its nulls.
    assert (row.verdict, row.also_under) == ("holds", "independent_networks, classes_kept")


def test_what_two_ensembles_share_is_tested_by_two_that_keep_their_own_agreement(made_up):
    """Independent networks have no examples that divide them, so all are on the diagonal."""
    (row,) = check_claims(made_up("small_mammals", True), [CLAIMS["figure_04c_diagonal"]])
    # The classes are learned one after the other, so they alone fill a part of the diagonal.
    assert 0 < row.shuffled_within_class < row.value
    assert math.isnan(row.independent_networks) and math.isnan(row.class_means)


def test_correlations_have_their_other_forms(made_up):
    evidence = made_up("small_mammals", True)
    (row,) = check_claims(evidence, [CLAIMS["figure_04b_two_architectures"]])
    one, two = (select_split(evidence.scores[name], "test") for name in ("first", "second"))
    r = pearsonr(one["accessibility"], two["accessibility"])
    assert row.value == pytest.approx(r.statistic)
    assert 10**row.log10_p == pytest.approx(r.pvalue, rel=1e-6)
    ranks = spearmanr(one["accessibility"], two["accessibility"])
    assert row.spearman == pytest.approx(ranks.statistic)
    within = [
        part["accessibility"]
        - part["accessibility"].groupby(part["label"]).mean().sel(label=part["label"])
        for part in (one, two)
    ]
    assert row.within_class == pytest.approx(pearsonr(*within).statistic)
    halves = [pearsonr(*part["accessibility_half"].values).statistic for part in (one, two)]
    noise = np.sqrt(np.prod([spearman_brown(half, 2) for half in halves]))
    assert row.corrected == pytest.approx(min(1, r.statistic / noise))
    assert row.value <= row.expected <= row.corrected


def test_a_correlation_of_halves_is_expected_to_be_higher_with_more_networks(made_up):
    (row,) = check_claims(made_up("small_mammals", True), [CLAIMS["figure_04a_split_halves"]])
    assert row.expected == pytest.approx(spearman_brown(row.value, 26 / 20))


def test_halves_of_unlike_size_are_not_taken_for_halves(made_up):
    """Of three networks, one is compared with two."""
    evidence, claim = made_up("small_mammals", True), CLAIMS["figure_04a_split_halves"]
    (row,) = check_claims(evidence, [claim])
    scores = evidence.scores["first"]
    of_network = read_predictions(evidence.predictions["first"][0]).isel(epoch=slice(1, None))
    learned = (of_network["prediction"] == of_network["label"]).mean("epoch").values
    unlike = scores.isel(network=slice(3)).assign(
        accessibility_half=(("half", "example"), [learned[:3:2].mean(axis=0), learned[1]])
    )
    (other,) = check_claims(
        replace(
            evidence,
            scores=evidence.scores | {"first": unlike},
            predictions=dict.fromkeys(evidence.scores, ()),
        ),
        [claim],
    )
    assert other.value < row.value
    assert other.expected == pytest.approx(row.expected, abs=0.005)


def test_a_value_at_its_limit_turns_by_chance_and_within_its_deviation(made_up):
    evidence, claim = made_up("digits", True), CLAIMS["figure_02_bimodality"]
    (far,) = check_claims(evidence, [claim])
    assert (far.by_chance, far.turns_at) == (0, "")
    limits = far.value + far.deviation / 2, far.value - far.deviation, far.value - far.deviation * 3
    rows = [
        check_claims(evidence, [replace(claim, accepted=Accepted(f"below {limit:.9f}"))])[0]
        for limit in limits
    ]
    assert [row.turns_at for row in rows] == ["1/2", "2", ""]
    assert 0.15 < rows[0].by_chance < 0.5 and 0 < rows[1].by_chance < 0.4
    assert rows[2].by_chance < 0.1


def test_agreement_at_equal_accuracy_has_its_other_forms_too(made_up):
    evidence = made_up("small_mammals", True)
    names = ("section_4_1_same_at_all_accuracies", "section_4_1_same_by_rank_test")
    pearsons, ranks = check_claims(evidence, [CLAIMS[name] for name in names])
    assert pearsons.spearman == ranks.value == ranks.spearman
    assert pearsons.value <= pearsons.expected <= pearsons.corrected <= 1
    assert not math.isnan(pearsons.within_class) and math.isnan(pearsons.log10_p)
    (bins,) = check_claims(evidence, [CLAIMS["figure_06b_bins"]])
    r = bins.value * math.sqrt((40 - 2) / (1 - bins.value**2))
    assert 10**bins.log10_p == pytest.approx(2 * t.sf(r, 38), rel=1e-6)
    assert bins.value <= bins.expected <= bins.corrected


def test_an_interval_of_a_baseline_alone_is_over_examples(made_up):
    (row,) = check_claims(made_up("digits", True), [CLAIMS["section_5_boosting_improves"]])
    assert (row.networks, row.interval_over, row.stable) == (1, "examples", "yes")


def test_a_classifier_with_random_states_decides_nothing_by_its_examples(made_up):
    claims = [claim for claim in read_claims() if claim.id.startswith("figure_07_")]
    rows = check_claims(made_up("small_mammals", True), claims)
    several = [row for row in rows if row.ensembles.startswith("baselines/") and row.networks > 1]
    assert several
    assert {(row.interval_over, row.stable) for row in several} == {("examples", "")}


def test_scores_that_are_kept_have_no_interval_over_networks_and_no_null_of_networks(made_up):
    evidence = made_up("digits", True)
    kept = replace(evidence, predictions={name: [] for name in evidence.scores}, kept=True)
    names = ("figure_01c_bimodality_test", "supplement_c_longer_at_zero_test", "figure_07_weaker")
    of_kept, at_zero, *_ = check_claims(kept, [CLAIMS[name] for name in names])
    (trained,) = check_claims(evidence, [CLAIMS[names[0]]])
    assert of_kept.value == trained.value
    assert of_kept.interval_over == "examples" and of_kept.stable == ""
    assert math.isnan(of_kept.classes_kept) and not math.isnan(of_kept.independent_networks)
    assert at_zero.verdict == "not measured"
    assert "needs the predictions of each network" in at_zero.note


def test_of_a_large_split_nulls_and_resamples_use_a_part(made_up, monkeypatch):
    evidence = made_up("digits", True)
    claim = CLAIMS["section_4_2_non_linear_bimodality_mean_train"]
    claim = replace(claim, elsewhere=True)
    (whole,) = check_claims(evidence, [claim])
    monkeypatch.setattr(hypotheses, "MOST_EXAMPLES", 60)
    parts = (evidence.scores, evidence.predictions, evidence.dataset, evidence.moved.values())
    sample = Hypotheses(*parts).sample
    assert len(np.unique(sample)) >= 120
    assert set(evidence.moved["easiest_moved"]) <= set(sample)
    assert np.array_equal(sample, Hypotheses(*parts).sample)
    (part,) = check_claims(evidence, [claim])
    assert part.value == whole.value
    assert part.upper - part.lower > whole.upper - whole.lower
    assert part.independent_networks != whole.independent_networks


def test_nulls_are_of_the_same_examples_if_some_predictions_are_not_kept(made_up, monkeypatch):
    evidence = made_up("small_mammals", True)
    claim = CLAIMS["figure_04b_two_architectures"]
    monkeypatch.setattr(hypotheses, "MOST_EXAMPLES", 60)
    with_all, without_another = (
        check_claims(replace(evidence, predictions=evidence.predictions | none), [claim])[0]
        for none in ({}, {"random_labels": []})
    )
    assert without_another.class_means == with_all.class_means
    assert without_another.independent_networks == with_all.independent_networks


def test_too_many_predictions_are_not_resampled(made_up, monkeypatch):
    monkeypatch.setattr(hypotheses, "MOST_PREDICTIONS", 1000)
    (row,) = check_claims(made_up("digits", True), [CLAIMS["figure_01c_bimodality_train"]])
    assert row.interval_over == "examples"


def test_there_is_no_null_of_class_means_where_images_stay_in_files(made_up):
    evidence = made_up("small_mammals", True)
    claim = CLAIMS["figure_04b_two_architectures"]
    files = evidence.dataset.drop_vars("image").assign(
        file=("example", evidence.dataset["label"].values)
    )
    rows = [
        check_claims(replace(evidence, dataset=each), [claim])[0]
        for each in (evidence.dataset, files)
    ]
    assert [math.isnan(row.class_means) for row in rows] == [False, True]
    assert rows[0].value == rows[1].value


def test_a_row_says_in_which_precisions_its_networks_were_trained(made_up):
    evidence = made_up("small_mammals", True)
    claim = CLAIMS["figure_01d_end"]
    assert check_claims(evidence, [claim])[0].precision == ""
    for precisions, words in ((["bf16"] * 20, "bf16"), (["fp32"] + ["bf16"] * 19, "bf16, fp32")):
        scores = evidence.scores["main"].assign_coords(precision=("network", precisions))
        trained = replace(evidence, scores=evidence.scores | {"main": scores})
        assert check_claims(trained, [claim])[0].precision == words


def test_a_role_that_the_study_lacks_is_not_measured_and_says_so(made_up):
    evidence = replace(made_up("small_mammals", True), roles={"figure_01.ensemble": ("main",)})
    rows = {row.id: row for row in check_claims(evidence, read_claims())}
    row = rows["section_4_2_linear_is_weaker"]
    assert (row.verdict, row.conclusion) == ("not measured", "inconclusive")
    assert row.note == "the study has no figure_05.ensemble and no figure_05.linear."
    assert math.isnan(row.value)
    assert rows["figure_07_easier_end"].note == (
        "the study has no figure_07.ensemble and no figure_07.baselines."
    )
    assert rows["figure_07_svm_accuracy"].note == "the study has no figure_07.baselines, svm."
    assert rows["figure_01d_end"].verdict != "not measured"
    kept = {row.id: row for row in check_claims(replace(evidence, kept=True), read_claims())}
    assert kept["figure_07_svm_accuracy"].note == (
        "the study, with the scores that are kept, has no figure_07.baselines, svm."
    )


def test_a_statistic_that_is_refused_or_undefined_is_not_measured_and_says_why(made_up):
    evidence = made_up("small_mammals", True)
    right = evidence.scores["main"].copy(deep=True)
    right["n_right"][:] = 20
    always = replace(evidence, scores=evidence.scores | {"main": right})
    (row,) = check_claims(always, [CLAIMS["figure_02_bimodality"]])
    assert row.verdict == "not measured" and "take smaller steps of learning" in row.note
    (row,) = check_claims(always, [CLAIMS["section_3_rapid_rise_test"]])
    assert row.verdict == "not measured" and "undefined" in row.note


def test_a_row_says_that_an_ensemble_it_rests_on_did_not_learn(made_up):
    evidence, claim = made_up("small_mammals", True), CLAIMS["figure_01d_end"]
    assert check_claims(evidence, [claim])[0].note == ""
    main = evidence.scores["main"]
    flat = replace(evidence, scores=evidence.scores | {"main": main.assign(loss=main["loss"] * 0)})
    (row,) = check_claims(flat, [claim])
    problem = (
        "main did not learn: the train loss of 20 of 20 networks (0, 1, 2, 3, 4, ...) does not fall"
    )
    assert row.note == f"{problem}."
    warning = f"small_mammals/{problem}; lower its learning rate or train it for longer."
    assert warning in flat.warnings()
    assert warning not in evidence.warnings()


def test_a_role_of_each_gives_a_row_for_each_and_none_compares_an_ensemble_with_itself(made_up):
    evidence = made_up("digits", True)
    rows = check_claims(evidence, [CLAIMS["figure_07_weaker"]])
    assert [row.id for row in rows] == [
        f"figure_07_weaker:{name.removeprefix('baselines/')}"
        for name in evidence.roles["figure_07.baselines"]
    ]
    roles = dict(evidence.roles) | {"robustness.ensembles": ("main", "variation")}
    rows = check_claims(replace(evidence, roles=roles), [CLAIMS["supplement_c_robust_order"]])
    assert [row.id for row in rows] == ["supplement_c_robust_order:variation"]


def test_ensembles_that_generalize_less_are_less_bimodal(made_up):
    evidence = made_up("digits", True)
    names = ("main", "first", "linear", "variation", "random_labels")
    roles = dict(evidence.roles) | {"robustness.ensembles": names}
    (row,) = check_claims(replace(evidence, roles=roles), [CLAIMS["section_6_generalization"]])
    assert -1 <= row.value < 0 and row.networks == 20
    # Five ensembles are few, and the interval is over these too.
    assert row.interval_over.startswith("ensembles") and row.stable == "no"
    assert set(names) <= set(row.ensembles.split(", "))
    few = evidence.scores["second"].isel(network=slice(4))
    evidence = replace(evidence, scores=evidence.scores | {"second": few})
    roles["robustness.ensembles"] = (*names, "second")
    (without,) = check_claims(replace(evidence, roles=roles), [CLAIMS["section_6_generalization"]])
    assert without.ensembles == row.ensembles and without.networks == row.networks


def test_a_smaller_ensemble_that_ranked_the_examples_is_the_smallest(made_up):
    evidence = replace(made_up("small_mammals", True), ranked={"hard": 3})
    number, direction = check_claims(
        evidence, [CLAIMS["figure_08d_hard_accuracy"], CLAIMS["figure_08d_no_peaks_test"]]
    )
    assert number.networks == direction.networks == 3
    assert number.verdict.startswith("too few networks")
    # The statistic is that of the ensemble's own 20.
    assert direction.verdict == "holds"


def test_a_study_based_on_another_has_its_data(made_up):
    night = replace(made_up("small_mammals", True), study="small_mammals_night")
    (row,) = check_claims(night, [CLAIMS["figure_01a_untrained_mean"]])
    assert (row.study, row.paper_networks) == ("small_mammals_night", 100)
    assert row.verdict == "too few networks: would be met"


def test_a_statistic_that_several_claims_share_is_measured_once(made_up, monkeypatch):
    counted = []
    original = check._numbers
    monkeypatch.setattr(
        check,
        "_numbers",
        lambda of, case, *rest: counted.append(case.id) or original(of, case, *rest),
    )
    claims = [NUMBER, replace(NUMBER, id="again", elsewhere=True, sentence="Other words.")]
    rows = check_claims(made_up("small_mammals", True), claims)
    assert rows[0].value == rows[1].value
    assert len(counted) == 1


def test_what_one_sentence_says_of_an_ensemble_is_one_row(made_up):
    rows = check_claims(made_up("small_mammals", True), [NUMBER, replace(NUMBER, id="again")])
    assert [row.id for row in rows] == [NUMBER.id]


@pytest.mark.parametrize(
    "epochs, words",
    [
        ([7], "7"),
        ([1, 2, 3], "1 to 3"),
        ([1, 2, 3, 4, 5, 8, 10, 11, 12], "1 to 5, 8, 10 to 12"),
        (np.array([0, 1, 40, 140]), "0 to 1, 40, 140"),
    ],
)
def test_epochs_are_listed_as_runs(epochs, words):
    assert epochs_in_words(epochs) == words
