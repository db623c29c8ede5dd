"""Findings of other papers on made-up results, against plain computations of the same."""

from collections import Counter
from dataclasses import replace
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pytest
from learners import K
from sklearn.metrics import roc_auc_score

from created_equal import beyond
from created_equal.artefacts import read_predictions, write_predictions
from created_equal.beyond import read_findings, without_inapplicable
from created_equal.claims.check import check_claims
from created_equal.claims.claim import BEYOND, read_claims
from created_equal.claims.page import write_page
from created_equal.scores import NULLS, score_ensemble

YAML = Path(beyond.__file__).with_name("findings.yaml")


@pytest.fixture(scope="module")
def rows(evidence):
    return {row.id: row for row in check_claims(evidence, read_findings())}


@pytest.fixture(scope="module")
def accessibility(evidence, names):
    """Of doubted, confirmed and other examples."""
    of = evidence.scores["one"]["accessibility"].sel(example=names).values
    return of[:6], of[6:12], of[12:]


def test_every_finding_has_a_source_and_an_id_that_grep_finds():
    text, findings = YAML.read_text(), read_findings()
    found = Counter(each.id for each in (*findings, *read_claims()))
    assert max(found.values()) == 1
    for each in findings:
        assert each.id in text.split() or f"{each.id}:" in text.split()
        assert "arXiv" in each.where and each.sentence.endswith(".") and each.tolerance
        assert each.section.startswith(BEYOND) and each.networks is None
        assert set(each.measure.nulls) <= set(NULLS)
        statistic = each.measure.statistic(each.arguments)
        assert "{" not in statistic and "  " not in statistic


def test_doubted_labels_are_harder_by_the_area_under_the_curve(rows, accessibility):
    doubted, confirmed, others = accessibility
    for name, rest in (
        ("label_errors_are_hard", np.append(confirmed, others)),
        ("label_errors_are_harder_than_other_flagged_labels", confirmed),
    ):
        row, is_doubted = rows[name], np.arange(6 + len(rest)) < 6
        expected = roc_auc_score(is_doubted, -np.append(doubted, rest))
        assert row.value == pytest.approx(expected)
        assert 0.6 < row.lower < row.value < row.upper <= 1
        assert row.verdict.startswith("holds") and row.interval_over == "examples and networks"
    assert rows["label_errors_are_hard"].examples == "6 and 24 test"


def test_how_many_times_as_often_doubted_labels_are_among_the_hardest(rows, accessibility):
    doubted, *rest = accessibility
    hardest = np.sort(np.concatenate([doubted, *rest]))[2]  # Three of 30.
    everyone = np.concatenate([doubted, *rest])
    share = (3 - (everyone < hardest).sum()) / (everyone == hardest).sum()
    expected = ((doubted < hardest) + share * (doubted == hardest)).mean() / 0.1
    row = rows["label_errors_among_the_hardest"]
    assert row.value == pytest.approx(expected) and row.value > 2
    assert row.examples == "6 of 30 test"


def test_how_many_times_as_often_doubted_labels_are_agreed_but_wrong(rows, last, evidence, names):
    predictions, labels = last["one"]
    examples = evidence.scores["one"]["example"].values
    is_doubted = np.isin(examples[examples >= 60_000], names[:6])
    agreed = [
        max(Counter(column).values()) >= 18 and (column == label).sum() <= 1
        for column, label in zip(predictions.T.tolist(), labels, strict=True)
        for column in [np.array(column)]
    ]
    row = rows["label_errors_among_the_agreed_but_wrong"]
    assert row.value == pytest.approx(np.mean(np.array(agreed)[is_doubted]) / np.mean(agreed))
    assert row.verdict == "holds"


def test_disagreement_of_pairs_over_the_error(rows, last):
    predictions, labels = last["one"]
    unlike = np.mean([(one != two).mean() for one, two in combinations(predictions, 2)])
    row = rows["disagreement_is_the_test_error"]
    assert row.value == pytest.approx(unlike / (predictions != labels).mean())


def test_variance_of_accuracy_over_that_of_independent_examples(rows, last):
    right = np.equal(*last["one"])
    expected = sum(right[:, example].var(ddof=1) for example in range(30)) / 30**2
    row = rows["accuracies_vary_as_independent_errors_do"]
    assert row.value == pytest.approx(right.mean(axis=1).var(ddof=1) / expected)
    assert row.interval_over == "networks" and row.lower < row.value < row.upper
    assert row.verdict == "too few networks" and row.fewest_networks == 50


def test_the_ratio_of_variances_is_not_measured_on_a_sample_of_the_test_set(evidence, monkeypatch):
    """With half of the examples, its excess over 1 would be half as large."""
    (finding,) = [each for each in read_findings() if each.id.startswith("accuracies_vary")]
    monkeypatch.setattr("created_equal.beyond.measures.MOST_EXAMPLES", 29)
    (row,) = check_claims(evidence, [finding])
    assert row.verdict == "not measured" and np.isnan(row.value)
    assert "predictions of only 29 of the 30 are read; compare the columns" in row.note


def test_networks_that_are_too_few_to_be_resampled_have_no_interval(evidence, tmp_path):
    (finding,) = [each for each in read_findings() if each.id.startswith("accuracies_vary")]
    three = read_predictions(evidence.predictions["one"][0]).isel(network=slice(3))
    write_predictions(three, tmp_path / "0.nc", {})
    few = replace(
        evidence,
        scores=evidence.scores | {"one": score_ensemble([tmp_path / "0.nc"])},
        predictions=evidence.predictions | {"one": [tmp_path / "0.nc"]},
    )
    (row,) = check_claims(few, [finding])
    assert row.networks == 3 and not np.isnan(row.value)
    assert np.isnan([row.lower, row.upper, row.deviation]).all()
    assert row.interval_over == "examples"


def test_networks_of_unlike_accuracy_do_not_vary_as_independent_errors_do(evidence, tmp_path):
    """Half of 60 networks are never right about any test example."""
    (finding,) = [each for each in read_findings() if each.id.startswith("accuracies_vary")]
    predictions = read_predictions(evidence.predictions["one"][0]).isel(network=np.arange(60) % 20)
    predictions = predictions.assign_coords(network=np.arange(60))
    is_test = predictions["example_split"].values == "test"
    predictions["prediction"].values[::2, :, is_test] = (
        predictions["label"].values[is_test] + 1
    ) % K
    write_predictions(predictions, tmp_path / "0.nc", {})
    scores = score_ensemble([tmp_path / "0.nc"])
    unlike = replace(
        evidence,
        scores=evidence.scores | {"one": scores},
        predictions=evidence.predictions | {"one": [tmp_path / "0.nc"]},
    )
    (row,) = check_claims(unlike, [finding])
    assert 1 < row.lower < row.value and row.verdict == "does not hold"


def test_errors_are_consistent_by_cohens_kappa(rows, last):
    right = {name: np.equal(*of) for name, of in last.items()}
    pairs = {
        "within_an": permutations(right["one"], 2),
        "among": product(right["one"], right["other"]),
    }
    for name, both in pairs.items():
        observed, expected = [], []
        for one, two in both:
            observed.append((one == two).mean())
            expected.append(one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean()))
        kappa = (np.mean(observed) - np.mean(expected)) / (1 - np.mean(expected))
        row = rows[f"errors_are_consistent_{name}_architecture" + ("s" if name == "among" else "")]
        assert row.value == pytest.approx(kappa)
        assert abs(row.independent_networks) < 0.1 < row.value


def test_the_disagreement_of_one_noise_is_that_of_all_pairs_of_networks(evidence, last):
    roles = {"noise.ensemble": ("one",), "noise.dropout": ("other",)}
    (finding,) = (each for each in read_findings() if each.id == "noise_alone_dropout")
    (row,) = check_claims(replace(evidence, roles=roles), [finding])
    found = {
        name: np.mean([np.mean(one != other) for one, other in combinations(labels, 2)])
        for name, (labels, _) in last.items()
    }
    assert row.value == pytest.approx(found["other"] / found["one"])


def test_rows_that_do_not_apply_are_left_out(evidence, rows):
    assert len(without_inapplicable(rows.values())) == len(rows) == 11
    digits = replace(evidence, dataset=evidence.dataset.assign_attrs(definition='{"source": "x"}'))
    left = without_inapplicable(check_claims(digits, read_findings()))
    assert [row.id for row in left] == [*rows][4:]


def test_findings_are_on_the_page_and_not_counted_among_the_paper_s_claims(rows, tmp_path):
    write_page(list(rows.values()), "Made up", "", [], tmp_path / "claims.html")
    page = (tmp_path / "claims.html").read_text()
    assert "<h2>Beyond the paper, and not counted above</h2>" in page
    assert "0 of 0 claims hold beyond their nulls" in page
    assert all(f'<tr id="{name}" ' in page for name in rows)
    assert "Northcutt et al. 2021 (arXiv 2103.14749)" in page
