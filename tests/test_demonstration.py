"""The study digits, by its kept scores: what README shows, and what the study was made to show."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from created_equal import cli
from created_equal.artefacts import definition_of, read_scores, select_split
from created_equal.claims.claim import BEYOND
from created_equal.figures import figure_01, saving
from created_equal.scores import below_chance, phases
from created_equal.study import load_study

ROOT = Path(__file__).parents[1]
SHARE_OF_CLAIMS = 0.85


@pytest.fixture(scope="module")
def scores():
    return read_scores(ROOT / "reference/digits/st_vgg/scores.nc")


@pytest.fixture
def study(monkeypatch):
    monkeypatch.chdir(ROOT)
    return load_study("digits")


def test_the_kept_scores_are_of_the_study_as_it_is(study, scores):
    ensemble = study.ensembles["st_vgg"]
    assert scores.sizes["network"] == ensemble.n_networks
    assert definition_of(scores).items() >= ensemble.definition.items()


@pytest.mark.parametrize("name", ["digits", "small_mammals_night"])
def test_readme_shows_the_figures_of_the_studies(name, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    kept = name != "digits"
    study = load_study(name, scores="reference") if kept else load_study(name)
    scores = read_scores(ROOT / f"reference/{name}/st_vgg/scores.nc")
    monkeypatch.chdir(tmp_path)
    page = figure_01.draw(scores, study.title, study.label("st_vgg"))
    drawn = saving.save(page, study.name, "figure_01")
    folder = ROOT / "docs" / ("small_mammals" if kept else "")
    shown, here = (
        np.asarray(Image.open(path).convert("RGB"), dtype=float)
        for path in (folder / "figure_01.png", drawn)
    )
    assert shown.shape == here.shape
    # Fonts are drawn slightly differently on some machines; other epochs would move whole bars.
    assert np.abs(shown - here).mean() < 1


def test_the_four_phases(scores):
    """Numbers of the scores that are kept, so no processor's rounding matters."""
    epochs = phases(scores)
    for split in ("train", "test"):
        start = select_split(scores, split)["n_right"].sel(epoch=epochs["beginning"]).values
        below = below_chance(start, scores.sizes["network"], scores.attrs["classes"])
        assert below.mean() > 0.5
        assert scores["bimodality"].sel(split=split, epoch=epochs["bi-modality"]) <= 0.6


def test_most_claims_hold_the_others_are_named_and_the_page_says_that_it_is_a_demonstration(
    study_folder, monkeypatch
):
    """Of the claims that can be decided with the kept scores and so many networks."""
    # Of the verdicts, only what they begin with counts, which intervals do not change.
    monkeypatch.setattr("created_equal.claims.check.REPLICATES", 20)
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", '{"scores": "reference"}')
    cli.build_dataset("digits")
    for name in load_study("digits").baselines:
        cli.fit_baseline("digits", name)
    cli.check_claims("digits")
    with Path("results/digits/claims.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if not row["section"].startswith(BEYOND)]
    assert {row["conclusion"] for row in rows} <= {"toy", "inconclusive"}
    # That a chosen setting meets a claim says nothing either way.
    undecided = ("not measured", "too few networks", "met by choice")
    decided = [row for row in rows if not row["verdict"].startswith(undecided)]
    holding = [row for row in decided if row["verdict"].startswith("holds")]
    assert len(decided) > 50
    assert len(holding) >= SHARE_OF_CLAIMS * len(decided)
    named = (ROOT / "docs/paper.md").read_text()
    for row in rows:
        name = row["id"].partition(":")[0]
        without_split = name.removesuffix("_train").removesuffix("_test")
        if not row["verdict"].startswith("holds"):
            assert f"`{name}`" in named or f"`{without_split}`" in named, name
    assert "no evidence for the paper" in Path("results/digits/claims.html").read_text()
