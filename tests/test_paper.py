"""All of the paper at once: config/paper.yaml, and the profile that takes it to a cluster."""

import re
from pathlib import Path

import pytest
import yaml
from commands import copy_of_repository, jobs, succeeds

from created_equal.study import load_study

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "slurm/config.yaml"
PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text())["studies"]
# Networks 100 in jobs of 10, but for VGG-16 (20), ImageNet's in jobs of one, and the five ensembles
# of 20 that figure noise compares. Each hardest fifth is cut 39 times before.
TRAINING_JOBS = {
    "small_mammals": (36 + 2 * 39) * 10 + 5 * 2,
    **dict.fromkeys(("aquatic_mammals", "insects", "household_furniture"), 2 * 10),
    "mnist": 10,
    **dict.fromkeys(("cifar10", "cifar100"), 10 + 20),
    "tiny_imagenet": 2 * 10,
    "imagenet": 27 + 22 + 7,
}
# Those with an ensemble of more than 200 million predictions.
LARGE = ("cifar10", "cifar100", "tiny_imagenet", "imagenet")


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy of the repository in which nothing is built.

    Its rules have no messages, in place of which a dry run prints outputs and resources.
    """
    folder = copy_of_repository(tmp_path_factory.mktemp("paper"))
    for path in (folder / "rules").glob("*.smk"):
        path.write_text(
            re.sub(r"^ +message:\n( +).*\n(\1 +.*\n)*", "", path.read_text(), flags=re.M)
        )
    return folder


def training_jobs(planned):
    """Return the training jobs of a dry run: (study, ensemble, file) -> its resources."""
    found = {}
    for job in planned.split("\nrule ")[1:]:
        if job.startswith("train_networks"):
            _, study, ensemble, _, file = re.search(r"output: (\S+)", job)[1].split("/")
            found[study, ensemble, file] = re.search(r"resources: (.*)", job)[1].split(", ")
    return found


@pytest.fixture(scope="module")
def planned(repository):
    """The dry run of everything in the paper on a cluster."""
    return succeeds(repository, "--profile", "slurm", "--dry-run")


def test_the_whole_paper_is_planned_without_data(planned, repository):
    assert jobs(planned)["train_networks"] == sum(TRAINING_JOBS.values()) == 1356
    by_study = [study for study, _, _ in training_jobs(planned)]
    assert {study: by_study.count(study) for study in PAPER} == TRAINING_JOBS
    assert jobs(planned)["build_dataset"] == len(PAPER)
    assert not (repository / "results").exists()


def test_the_configuration_of_the_paper_works_without_a_profile(repository):
    named = ("--configfile", "config/paper.yaml", "--config", "studies=mnist")
    assert jobs(succeeds(repository, "--dry-run", *named))["build_dataset"] == 1


def test_each_ensemble_asks_for_what_its_study_says(planned):
    asked = training_jobs(planned)
    assert {"mem_mb=48000", "runtime=4350"} <= set(asked["imagenet", "resnet50", "0026-0026.nc"])
    assert {"mem_mb=48000", "runtime=2910"} <= set(asked["imagenet", "alexnet", "0021-0021.nc"])
    assert {"mem_mb=12000", "runtime=510"} <= set(asked["cifar10", "vgg16", "0000-0000.nc"])
    assert {"mem_mb=4048", "runtime=630"} <= set(asked["small_mammals", "st_vgg", "0000-0009.nc"])


def test_scores_and_claims_of_large_studies_have_rules_of_their_own_with_more_memory(planned):
    assert set(LARGE) < set(PAPER)
    for rule, asks in (("check_claims", "mem_mb=4000"), ("check_large_claims", "mem_mb=8000")):
        found = re.findall(rf"^rule {rule}:\n(.*?)\n\[", planned, re.M | re.S)
        assert all(asks in job for job in found)
        studies = [re.search(r"output: results/(\w+)/claims.csv", job)[1] for job in found]
        large = rule == "check_large_claims"
        assert sorted(studies) == sorted(name for name in PAPER if (name in LARGE) == large)
    scored = re.findall(r"^rule (score\w+):.*?output: results/(\w+)/", planned, re.M | re.S)
    assert {study for rule, study in scored if rule == "score_large_ensemble"} == set(LARGE)
    assert not {study for rule, study in scored if rule == "score_ensemble"} & set(LARGE)


def test_a_study_narrows_the_profile(repository):
    planned = succeeds(
        repository, "--profile", "slurm", "--dry-run", "--config", "studies=smoke", "networks=1"
    )
    assert {study for study, _, _ in training_jobs(planned)} == {"smoke"}


def test_what_the_profile_offers_in_comments_works(repository):
    """Uncommented, it is a profile that Snakemake takes, for rules that there are."""
    text = re.sub(r"^( *)# (?=set-|slurm_| {2,}[a-z])", r"\1", PROFILE.read_text(), flags=re.M)
    profile = yaml.safe_load(text)
    assert {"slurm_account", "slurm_partition"} <= set(profile["default-resources"])
    rules = {
        name
        for path in (ROOT / "rules").glob("*.smk")
        for name in re.findall(r"^(?:use )?rule .*?(\w+)(?: with)?:$", path.read_text(), re.M)
    }
    assert {"train_networks", "score_large_ensemble", "check_large_claims"} <= rules
    assert {*profile["set-resources"], *profile["set-threads"]} <= rules
    (repository / "site").mkdir()
    (repository / "site/config.yaml").write_text(text)
    planned = succeeds(
        repository, "--profile", "site", "--dry-run", "--config", "studies=smoke", "networks=1"
    )
    for asked in training_jobs(planned).values():
        assert {"slurm_partition=gpu", "gpu_model=a100", "gres=gpu:1", "runtime=1440"} <= set(asked)
        assert "slurm_account=my_account" in asked


def test_what_every_run_sets_leaves_the_cluster_s_alone():
    """profiles/default is merged on top of --profile slurm and wins, key by key."""
    everywhere = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    on_cluster = yaml.safe_load(PROFILE.read_text())
    assert not set(everywhere) & set(on_cluster)
    assert "slurm-array-jobs" not in on_cluster
    assert on_cluster["slurm-status-command"] == "squeue"
    assert {"mem_mb", "runtime"} <= set(on_cluster["default-resources"])


@pytest.mark.parametrize("name", PAPER)
def test_every_study_of_the_paper_can_be_read_and_has_figures(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    study = load_study(name)
    assert {"figure_01", "figure_03", "robustness"} <= set(study.figures)
    assert not study.refused
