import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr

from created_equal.artefacts import select_split
from created_equal.claims.check import check_claims, intervals_agree, verdict_of
from created_equal.claims.claim import Claim, at_least, within
from created_equal.claims.measured import Measured, Taken
from created_equal.claims.registry import CLAIMS
from created_equal.claims.statistics import mean_of
from created_equal.errors import InputError
from created_equal.scores.bootstrap import interval_of, value_of


def two_values(evidence, name):
    """0.5 and 0.6, of the first two test examples."""
    taken = Taken(name, np.array([200, 201]), np.array([1]))
    return Measured(
        (taken,), lambda _: mean_of(np.array([0.5, 0.6])), "test", networks=20, epochs="1"
    )


NUMBER = Claim(
    id="number",
    section="s",
    where="w",
    sentence="It is so.",
    statistic="mean",
    roles=("figure_01.ensemble",),
    measure=two_values,
    accepted=within(0.56, 0.02),
    nulls=(),
    paper=0.56,
)
DIRECTION = replace(NUMBER, paper=None)


@pytest.mark.parametrize(
    "claim, study, value, networks, verdict",
    [
        (NUMBER, "small_mammals", 0.55, 100, "reproduced"),
        (NUMBER, "small_mammals", 0.58, 101, "reproduced"),
        (NUMBER, "small_mammals", 0.50, 100, "not reproduced"),
        (NUMBER, "small_mammals", 0.55, 99, "too few networks: would be met"),
        (NUMBER, "small_mammals", 0.50, 1, "too few networks: would not be met"),
        (NUMBER, "digits", 0.55, 100, "direction only: holds"),
        (NUMBER, "digits", 0.50, 4, "direction only: does not hold"),
        (DIRECTION, "small_mammals", 0.55, 4, "direction only: holds"),
        (DIRECTION, "small_mammals", 0.50, 100, "direction only: does not hold"),
        (NUMBER, "small_mammals", math.nan, 100, "not measured"),
        (replace(NUMBER, networks=None), "small_mammals", 0.55, 1, "reproduced"),
    ],
)
def test_verdicts(claim, study, value, networks, verdict):
    assert verdict_of(claim, study, value, networks, claim.networks) == verdict


NONE = (math.nan, math.nan)


@pytest.mark.parametrize(
    "intervals, said",
    [
        ([(0.55, 0.57), NONE], "yes"),
        ([(0.50, 0.53), NONE], "yes"),
        ([NONE, (0.59, 0.90)], "yes"),
        ([(0.53, 0.55), NONE], "no"),
        ([NONE, (0.50, 0.60)], "no"),
        ([(0.55, 0.57), (0.54, 0.58)], "yes"),
        ([(0.55, 0.57), (0.50, 0.58)], "no"),
        ([(0.10, 0.20), (0.10, 0.55)], "no"),
        ([NONE, NONE], ""),
    ],
)
def test_whether_the_intervals_agree(intervals, said):
    assert intervals_agree(intervals, within(0.56, 0.02)) == said


def test_a_row_says_what_it_rests_on(made_up):
    (row,) = check_claims(made_up("small_mammals", True), [NUMBER])
    assert row.value == pytest.approx(0.55)
    # Two examples: both, or twice the one or the other.
    assert (row.examples_lower, row.examples_upper) == pytest.approx((0.5, 0.6))
    # It is the same whichever networks there are.
    assert (row.networks_lower, row.networks_upper) == pytest.approx((0.55, 0.55))
    assert row.verdict == "too few networks: would be met"
    assert (row.networks, row.paper_networks, row.epochs) == (20, 100, "1")
    assert (row.ensembles, row.examples, row.interval_agrees) == ("main", "test", "no")


def test_a_row_says_in_which_precisions_its_networks_were_trained(made_up):
    evidence = made_up("small_mammals", True)
    assert check_claims(evidence, [NUMBER])[0].precision == ""
    for precisions, said in ((["bf16"] * 20, "bf16"), (["fp32"] + ["bf16"] * 19, "bf16, fp32")):
        scores = evidence.scores["main"].assign_coords(precision=("network", precisions))
        trained = replace(evidence, scores=evidence.scores | {"main": scores})
        assert check_claims(trained, [NUMBER])[0].precision == said


def test_a_role_that_the_study_lacks_is_not_measured_and_says_so(made_up):
    evidence = replace(made_up("small_mammals", True), roles={"figure_01.ensemble": ("main",)})
    rows = {row.id: row for row in check_claims(evidence)}
    row = rows["section_4_2_linear_is_weaker"]
    assert row.verdict == "not measured"
    assert row.note == "the study has no figure_05.ensemble and no figure_05.linear."
    assert math.isnan(row.value)
    assert rows["figure_07_easier_end"].note == (
        "the study has no figure_07.ensemble and no figure_07.baselines."
    )
    assert rows["figure_07_svm_accuracy"].note == "the study has no figure_07.baselines, svm."
    assert rows["figure_01d_end"].verdict != "not measured"
    kept = {row.id: row for row in check_claims(replace(evidence, kept=True))}
    assert kept["figure_07_svm_accuracy"].note == (
        "the study, with the scores that are kept, has no figure_07.baselines, svm."
    )


def test_a_statistic_that_is_refused_is_not_measured_and_says_why(made_up):
    def refused(evidence, name):
        raise InputError("there is only one network; train more.")

    (row,) = check_claims(made_up("small_mammals", True), [replace(NUMBER, measure=refused)])
    assert row.verdict == "not measured"
    assert row.note == "there is only one network; train more."


def test_a_null_that_needs_all_images_in_memory_is_left_out_where_they_stay_in_files(made_up):
    evidence = made_up("small_mammals", True)
    claim = next(claim for claim in CLAIMS if "class_means" in claim.nulls)
    files = evidence.dataset.drop_vars("image").assign(
        file=("example", evidence.dataset["label"].values)
    )
    rows = [
        check_claims(replace(evidence, dataset=each), [claim])[0]
        for each in (evidence.dataset, files)
    ]
    assert [math.isnan(row.class_means) for row in rows] == [False, True]
    assert rows[0].value == rows[1].value
    assert rows[0].verdict == rows[1].verdict


def test_an_undefined_statistic_is_not_measured(made_up):
    def undefined(evidence, name):
        return replace(two_values(evidence, name), make=lambda _: mean_of(np.full(2, np.nan)))

    (row,) = check_claims(made_up("small_mammals", True), [replace(NUMBER, measure=undefined)])
    assert row.verdict == "not measured"
    assert "undefined" in row.note


def test_a_row_says_that_an_ensemble_it_rests_on_did_not_learn(made_up):
    evidence = made_up("small_mammals", True)
    assert check_claims(evidence, [NUMBER])[0].note == ""
    main = evidence.scores["main"]
    flat = replace(evidence, scores=evidence.scores | {"main": main.assign(loss=main["loss"] * 0)})
    (row,) = check_claims(flat, [NUMBER])
    problem = (
        "main did not learn: the train loss of 20 of 20 networks (0, 1, 2, 3, 4, ...) does not fall"
    )
    assert row.note == f"{problem}."
    assert row.verdict == "too few networks: would be met"
    warning = f"small_mammals/{problem}; lower learning_rate or raise epochs in its recipe."
    assert warning in flat.warnings()
    assert warning not in evidence.warnings()


def test_a_role_of_each_gives_a_row_for_each(made_up):
    evidence = made_up("digits", True)
    rows = check_claims(evidence, [claim for claim in CLAIMS if claim.id == "figure_07_weaker"])
    assert [row.id for row in rows] == [
        f"figure_07_weaker:{name.removeprefix('baselines/')}"
        for name in evidence.roles["figure_07.baselines"]
    ]


def test_with_as_many_networks_as_the_paper_claims_are_reproduced(made_up):
    claim = replace(NUMBER, networks=20)
    assert check_claims(made_up("small_mammals", True), [claim])[0].verdict == "reproduced"
    claim = replace(claim, accepted=at_least(0.9))
    assert check_claims(made_up("small_mammals", True), [claim])[0].verdict == "not reproduced"


def test_rows_are_the_same_twice(made_up):
    evidence = made_up("small_mammals", True)
    claims = [claim for claim in CLAIMS if claim.id.startswith("figure_04")]
    assert [str(row) for row in check_claims(evidence, claims)] == [
        str(row) for row in check_claims(evidence, claims)
    ]


def test_value_and_interval_of_the_same_statistic():
    statistic = mean_of(np.arange(10.0))
    lower, upper = interval_of(statistic, 10)
    assert lower < value_of(statistic, 10) == 4.5 < upper


def test_the_p_of_a_correlation_is_that_of_scipy(made_up):
    evidence = made_up("small_mammals", True)
    claims = [claim for claim in CLAIMS if claim.id == "figure_04b_two_architectures"]
    (row,) = check_claims(evidence, claims)
    scores = [
        select_split(evidence.scores[name], "test")["accessibility"] for name in ("first", "second")
    ]
    assert 10**row.log10_p == pytest.approx(pearsonr(*scores).pvalue, rel=1e-6)
    other = next(claim for claim in CLAIMS if claim.id == "figure_01d_end")
    assert math.isnan(check_claims(evidence, [other])[0].log10_p)


def test_a_statistic_that_several_claims_share_is_measured_once(made_up):
    measured = []

    def counted(evidence, name):
        measured.append(name)
        return two_values(evidence, name)

    claims = [replace(NUMBER, measure=counted), replace(DIRECTION, measure=counted)]
    rows = check_claims(made_up("small_mammals", True), claims)
    assert [row.value for row in rows] == [0.55, 0.55]
    assert [row.verdict for row in rows] == [
        "too few networks: would be met",
        "direction only: holds",
    ]
    assert measured == ["main"]
