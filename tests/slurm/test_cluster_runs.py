"""The workflow on a real Slurm: ``make test-slurm``. Not collected otherwise: it installs daemons.

Every run in the cluster ends with the bytes of an undisturbed run beside it, on this machine.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
import yaml
from cluster import cluster, said, wait_until
from test_workflow import copy_of_repository

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
PROFILE = ("--profile", "slurm")
# As a user does on a cluster whose jobs take hours, but for the pauses between two looks.
HASTE = (
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "1"),
    *("--latency-wait", "20"),
)
# A study with jobs that last long enough to be stopped in the midst, two networks each.
LONG = {
    "title": "Jobs of some seconds",
    "dataset": {"source": "digits", "size": 16, "train_examples": 200, "test_examples": 100},
    "networks": 4,
    "recipe": {"epochs": 20, "batch_size": 20, "learning_rate": 0.05},
    "ensembles": {"st_vgg": {"architecture": "st_vgg", "width": 0.25}},
    "figures": {"figure_01": {"ensemble": "st_vgg"}},
}
LONG_CONFIG = ("--config", "studies=long", "networks_per_job=2")
PREDICTIONS = "results/long/st_vgg/predictions"
UNFINISHED = f"{PREDICTIONS}/unfinished/0000.nc"
SCORES = "results/long/st_vgg/scores.nc"


@pytest.fixture(scope="session", autouse=True)
def logs():
    """A cluster of one node, and the folder of its logs."""
    with cluster() as logs:
        yield logs


@pytest.fixture
def repository(tmp_path):
    return with_long_study(copy_of_repository(tmp_path))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A repository in which the long study was built without a cluster and without trouble."""
    folder = with_long_study(copy_of_repository(tmp_path_factory.mktemp("undisturbed")))
    succeeds(folder, "--cores", "2", SCORES, *LONG_CONFIG)
    return folder


def with_long_study(folder):
    (folder / "config/studies/long.yaml").write_text(yaml.safe_dump(LONG))
    return folder


def start(folder, *arguments):
    return subprocess.Popen(
        [*SNAKEMAKE, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ends(process):
    """Return how a run ended, and what it said."""
    try:
        out, _ = process.communicate(timeout=400)
    finally:
        process.kill()
    return process.returncode, out


def run(folder, *arguments):
    return ends(start(folder, *arguments))


def succeeds(folder, *arguments):
    status, out = run(folder, *arguments)
    assert status == 0, out
    return out


def jobs():
    """Return the jobs of the cluster that wait or run: number -> comment, which names the rule."""
    listed = said("squeue", "--noheader", "--states=R,PD,CG", "--format=%i %k")
    return dict(line.split(maxsplit=1) for line in listed.splitlines())


def is_same(one, other, name):
    """Compare a file of two repositories: bytes, of predictions all but the seconds they took."""
    first, second = one / name, other / name
    if first.suffix != ".nc" or "predictions" not in name:
        return first.read_bytes() == second.read_bytes()
    with xr.open_dataset(first) as left, xr.open_dataset(second) as right:
        return left.drop_vars("seconds").identical(right.drop_vars("seconds"))


def assert_as_undisturbed(repository, undisturbed):
    names = [f"{PREDICTIONS}/0000-0001.nc", f"{PREDICTIONS}/0002-0003.nc", SCORES]
    assert [name for name in names if not is_same(repository, undisturbed, name)] == []
    assert not (repository / UNFINISHED).exists()
    assert "Nothing to be done" in succeeds(repository, "-n", SCORES, *LONG_CONFIG)


def training_log(repository):
    return (repository / "results/long/st_vgg/logs/train_networks_0000-0001.log").read_text()


def test_the_smoke_study_is_that_of_a_run_without_a_cluster(tmp_path_factory):
    on_cluster = copy_of_repository(tmp_path_factory.mktemp("smoke"))
    alone = copy_of_repository(tmp_path_factory.mktemp("alone"))
    out = succeeds(on_cluster, *PROFILE, "--config", "studies=smoke", *HASTE)
    submitted = set(re.findall(r"^rule (\w+):", out, re.MULTILINE))
    assert submitted == {"train_networks", "fit_baseline"}
    assert "26 networks to train in 11 jobs, 0 already there" in out
    assert (on_cluster / "paper_figures/smoke/figure_01.pdf").is_file()
    results = ("results/smoke/claims.csv", "results/smoke/results_test.txt")
    succeeds(alone, "--cores", "2", *results, "--config", "studies=smoke")
    names = sorted(
        str(path.relative_to(alone))
        for kind in ("*.nc", "*.csv", "*.txt", "*.html")
        for path in (alone / "results").rglob(kind)
    )
    assert len(names) > 30
    assert [name for name in names if not is_same(on_cluster, alone, name)] == []


def test_a_training_job_that_is_cancelled_is_submitted_again_and_goes_on(repository, undisturbed):
    head = start(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    assert wait_until((repository / UNFINISHED).exists, 120), ends(head)
    (number,) = (each for each, comment in jobs().items() if "0000" in comment)
    assert said("scancel", number) == ""
    status, out = ends(head)
    assert status == 0, out
    assert re.search(rf"job '?{number}'? failed|SLURM-job '{number}'|{number}.*CANCELLED", out), out
    assert "1 networks to train, 1 already there" in training_log(repository)
    assert_as_undisturbed(repository, undisturbed)


def test_recovery_of_the_readme_after_the_head_process_was_killed(repository, undisturbed):
    head = start(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    assert wait_until((repository / UNFINISHED).exists, 120), ends(head)
    os.kill(head.pid, signal.SIGKILL)
    ends(head)
    assert jobs(), "the jobs of a killed head process live on"
    *first, last = recovery_in_readme()
    for command in first:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=repository,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert wait_until(lambda: not jobs(), 30)
    assert last == "snakemake --profile slurm"
    succeeds(repository, *last.split()[1:], SCORES, *LONG_CONFIG, *HASTE)
    assert "1 networks to train, 1 already there" in training_log(repository)
    assert_as_undisturbed(repository, undisturbed)


def recovery_in_readme():
    """Return the commands that the README gives for this."""
    _, _, after = (ROOT / "README.md").read_text().partition("If the head process was killed")
    block = after.split("\n\n")[1]
    return [line.split("  #")[0].strip() for line in block.splitlines()]


def test_what_no_node_has_is_refused_before_anything_is_submitted(repository):
    study = repository / "config/studies/long.yaml"
    study.write_text(yaml.safe_dump(LONG | {"resources": {"mem_mb": 10**8, "cpus": 64}}))
    status, out = run(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    assert status != 0
    assert "train_networks of long/st_vgg asks for 100,000,000 MB, 64 cores, 1 GPUs" in out
    assert "which no node of the cluster has" in out
    assert "Traceback" not in out
    assert not jobs()
    assert not (repository / "results").exists()


def test_what_slurm_refuses_ends_the_run_with_what_it_says(repository):
    too_much = ("--set-resources", "train_networks:mem_mb=100000000")
    # Without the look before the run, as where sinfo does not answer.
    arguments = (*PROFILE, SCORES, *LONG_CONFIG, *HASTE, *too_much, "--no-hooks", "--retries", "0")
    status, out = run(repository, *arguments)
    assert status != 0
    assert "Memory specification can not be satisfied" in out
    assert not jobs()
    shutil.rmtree(repository / "results")
