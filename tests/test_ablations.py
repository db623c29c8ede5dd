"""Derived datasets through the commands and the workflow, as a user has them."""

from pathlib import Path

import pytest
from commands import copy_of_repository, failure, jobs, refused, snakemake, succeeds
from data import NARROW, edited, small_study, write_study

from created_equal import cli
from created_equal.artefacts import read_chosen, read_dataset, read_predictions, read_scores
from created_equal.study import ensembles_of, load_study


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy of the repository in which nothing is built."""
    return copy_of_repository(tmp_path_factory.mktemp("ablations"))


def test_rounds_of_the_paper_are_in_the_dag_before_it_runs(repository):
    planned = succeeds(repository, "results/small_mammals/hardest_fifth/scores.nc", "--dry-run")
    # Forty cuts of 50 images from 2,500 to 500; st_vgg, 39 rounds and the last: 41 ensembles of
    # 100 networks in jobs of 7.
    assert jobs(planned) == {
        "build_dataset": 1,
        "derive_dataset": 40,
        "train_networks": 41 * 15,
        "score_ensemble": 41,
    }


def test_random_ones_wait_for_no_ranking(repository):
    planned = succeeds(repository, "results/small_mammals/random_moved/scores.nc", "--dry-run")
    assert jobs(planned) == {
        "build_dataset": 1,
        "derive_dataset": 1,
        "train_networks": 15,
        "score_ensemble": 1,
    }


@pytest.mark.parametrize("name", ["digits", "small_mammals"])
def test_what_figures_show_and_all_that_ranks_for_it_is_scored(repository, monkeypatch, name):
    monkeypatch.chdir(repository)
    study = load_study(name)
    needed = {each for entry in study.figures.values() for each in ensembles_of(entry)}
    for ensemble in reversed(study.ensembles.values()):
        if ensemble.name in needed and ensemble.ranked_by:
            needed.add(ensemble.ranked_by)
    planned = succeeds(repository, "--dry-run", "--config", f"studies={name}")
    scored = {each for each in study.ensembles if f"results/{name}/{each}/scores.nc" in planned}
    assert needed <= scored
    # digits removes its easy examples at once.
    assert any(study.ensembles[each].is_round for each in needed) == (name != "digits")


def test_a_dataset_that_is_not_derived_is_refused_by_the_workflow(repository):
    done = snakemake(repository, "results/smoke/st_vgg/dataset.nc", "--dry-run")
    assert "st_vgg has no dataset of its own; it is trained on results/smoke/dataset.nc" in (
        failure(done)
    )


HARDEST = {"keep": "hardest", "fraction": 0.4, "per_round": 0.3, "balanced": True}
DATASETS = {
    "easiest": {"move_to_test": "easiest", "fraction": 0.1, "ranked_by": "st_vgg"},
    "fifth": HARDEST | {"ranked_by": "st_vgg"},
    "shuffled": {"labels": "random"},
}
SMALL = small_study(
    dataset={"source": "digits", "size": 16, "train_examples": 60, "test_examples": 20},
    networks=2,
    ensembles={
        "st_vgg": NARROW,
        **{name: NARROW | {"dataset": dataset} for name, dataset in DATASETS.items()},
    },
)


@pytest.fixture(scope="module")
def ranked_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_study(SMALL, "one")
        Path("config.yaml").write_text("networks_per_job: 5\n")
        cli.build_dataset("one")
        cli.train_networks("one", "st_vgg")
        cli.score_ensemble("one", "st_vgg")
    return folder


@pytest.fixture
def ranked(ranked_once, monkeypatch):
    """A folder with a study whose networks of st_vgg are trained, scored, and rank its examples."""
    monkeypatch.chdir(ranked_once)


def train(ensemble):
    cli.derive_dataset("one", ensemble)
    cli.train_networks("one", ensemble)
    cli.score_ensemble("one", ensemble)
    folder = Path("results/one") / ensemble
    return read_dataset(folder / "dataset.nc"), read_chosen(folder / "chosen.csv")


def test_the_easiest_are_moved_and_told_apart_from_the_test_set(ranked):
    dataset, chosen = train("easiest")
    whole = read_dataset("results/one/dataset.nc")
    scores = read_scores("results/one/st_vgg/scores.nc")
    accessibility = scores["accessibility"].to_series()
    assert len(chosen) == 6
    assert chosen["score"].tolist() == accessibility[chosen["example"]].tolist()
    assert chosen["score"].is_monotonic_decreasing
    train_names = whole["example"].values[whole["example_split"].values == "train"]
    assert chosen["score"].max() == accessibility[train_names].max()
    predictions = read_predictions("results/one/easiest/predictions/0000-0001.nc")
    split = predictions["example_split"].to_series()
    assert set(split[chosen["example"]]) == {"test"}
    assert (split == "test").sum() == 26
    assert dataset["example"].values.tolist() == whole["example"].values.tolist()


def test_rounds_are_trained_one_after_the_other(ranked):
    _, first = train("fifth_round_01")
    dataset, both = train("fifth")
    assert len(first) == 18
    assert both["round"].value_counts().to_dict() == {1: 18, 2: 18}
    assert both.iloc[:18].equals(first)
    ranking = read_scores("results/one/fifth_round_01/scores.nc")["accessibility"].to_series()
    second = both[both["round"] == 2]
    assert second["score"].tolist() == ranking[second["example"]].tolist()
    split = dataset["example_split"].values
    assert ((split == "train").sum(), (split == "test").sum()) == (24, 20)


def test_the_same_command_writes_the_same_bytes(ranked):
    written = []
    for _ in range(2):
        cli.derive_dataset("one", "shuffled")
        folder = Path("results/one/shuffled")
        written.append([(folder / name).read_bytes() for name in ("dataset.nc", "chosen.csv")])
    assert written[0] == written[1]


def test_an_undivided_ensemble_has_nothing_to_derive(ranked, command):
    assert refused(command("derive_dataset", "one", "st_vgg")).endswith(
        "the ensemble st_vgg has no dataset of its own; build that of the study with "
        "created-equal build_dataset one."
    )


def test_a_ranking_by_another_number_of_networks_is_refused(ranked, command):
    with edited(Path("config.yaml"), lambda text: f"{text}networks: 3\n"):
        sentence = refused(command("derive_dataset", "one", "easiest"))
    assert sentence.startswith(
        "one/easiest: the scores of st_vgg do not match the ensemble that the study defines"
    )


def test_a_ranking_that_is_not_there_says_how_to_build_it(ranked, command):
    write_study(SMALL, "two")
    cli.build_dataset("two")
    sentence = refused(command("derive_dataset", "two", "easiest"))
    assert sentence.startswith("results/two/st_vgg/scores.nc does not exist; build it")
    assert not Path("results/two/easiest").exists()
