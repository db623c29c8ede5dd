"""The workflow on a real Slurm: ``make test-slurm``. Not collected otherwise: it installs daemons.

Every run in the cluster ends with the bytes of an undisturbed run on this machine.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import xarray as xr
from cluster import URGENT, cluster, said, wait_until
from commands import copy_of_repository
from data import NARROW, edited, small_study, with_an_edit
from long_study import FIRST, LONG, SCORES, SECOND, UNFINISHED

ROOT = Path(__file__).parents[2]
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
PROFILE = ("--profile", "slurm")
# As a user does on a cluster whose jobs take hours, but for the pauses between two looks.
HASTE = (
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "1"),
    *("--latency-wait", "20"),
)
# A job of every rule that is submitted, and one that waits for another's scores.
MOVED = {"move_to_test": "easiest", "fraction": 0.1, "ranked_by": "st_vgg"}
FEW = small_study(
    networks=2,
    recipe={"epochs": 3, "batch_size": 20, "learning_rate": 0.1},
    ensembles={"st_vgg": NARROW, "easiest_moved": NARROW | {"dataset": MOVED}},
    baselines={"adaboost": {"weak_learners": 3}},
    figures={
        "figure_06": {"ensemble": "st_vgg", "baseline": "adaboost"},
        "robustness": {"ensembles": ["st_vgg", "easiest_moved"]},
    },
)
FEW_CONFIG = ("--config", "studies=few")
# Slurm takes seconds to act, in which a fast machine would train all of a shorter job.
LONGER = LONG | {"recipe": LONG["recipe"] | {"epochs": 60}}
LONG_CONFIG = ("--config", "studies=long", "networks_per_job=2")
ONE_FINISHED = f"{UNFINISHED}/0000.nc"
# Other tests may keep the cores busy.
MOST_SECONDS = 600


@pytest.fixture(scope="session", autouse=True)
def logs():
    """A cluster of one node, and the folder of its logs."""
    with cluster() as logs:
        yield logs


@pytest.fixture
def repository(tmp_path):
    return copy_of_repository(tmp_path, long=LONGER)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A repository in which the long study was built without a cluster and without trouble."""
    folder = copy_of_repository(tmp_path_factory.mktemp("undisturbed"), long=LONGER)
    succeeds(folder, "--cores", "2", SCORES, *LONG_CONFIG)
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
        out, _ = process.communicate(timeout=900)
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
    """Compare a file of two repositories: bytes, or all but the seconds that training took."""
    first, second = one / name, other / name
    if not name.endswith("scores.nc") and "predictions" not in name:
        return first.read_bytes() == second.read_bytes()
    with xr.open_dataset(first) as left, xr.open_dataset(second) as right:
        for each in (left, right):
            del each.attrs["contents"]  # a checksum of the seconds too
        return left.drop_vars("seconds").identical(right.drop_vars("seconds"))


def assert_as_undisturbed(repository, undisturbed):
    names = (FIRST, SECOND, SCORES)
    assert [name for name in names if not is_same(repository, undisturbed, name)] == []
    assert not (repository / ONE_FINISHED).exists()
    assert "Nothing to be done" in succeeds(repository, "-n", SCORES, *LONG_CONFIG)


def training_log(repository, networks="0000-0001"):
    log = repository / f"results/long/st_vgg/logs/train_networks_{networks}.log"
    return log.read_text() if log.exists() else ""


def submitted(out):
    """Return the rules whose jobs a run submitted, by what it said."""
    return set(re.findall(r"submitted with SLURM jobid .*slurm_logs/rule_(\w+)/", out))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A repository in which the study of a few jobs was built on the cluster, and the output."""
    folder = copy_of_repository(tmp_path_factory.mktemp("few"), few=FEW)
    return folder, succeeds(folder, *PROFILE, *FEW_CONFIG, *HASTE)


def test_results_are_those_of_a_run_without_a_cluster(few, tmp_path):
    on_cluster, out = few
    assert submitted(out) == {"train_networks", "fit_baseline"}
    assert "4 networks to train in 2 jobs, 0 already there" in out
    assert (on_cluster / "paper_figures/few/figure_06.pdf").is_file()
    alone = copy_of_repository(tmp_path, few=FEW)
    results = ("results/few/claims.csv", "results/few/results_test.txt")
    succeeds(alone, "--cores", "2", *results, *FEW_CONFIG)
    names = sorted(
        str(path.relative_to(alone))
        for kind in ("*.nc", "*.csv", "*.txt", "*.html")
        for path in (alone / "results").rglob(kind)
    )
    # Two datasets, predictions and scores of two ensembles, a baseline, the claims, their page, and
    # the test of the results.
    assert len(names) >= 10
    assert [name for name in names if not is_same(on_cluster, alone, name)] == []


def test_scores_and_claims_of_a_large_study_are_submitted_too(few):
    repository, _ = few
    targets = ("results/few/easiest_moved/scores.nc", "results/few/claims.csv")
    before = [(repository / name).read_bytes() for name in targets]
    forced = ("--forcerun", *targets)
    line = "\nLARGE = 200_000_000\n"
    with edited(repository / "rules/common.smk", lambda text: text.replace(line, "\nLARGE = 0\n")):
        out = succeeds(repository, *PROFILE, *targets, *FEW_CONFIG, *HASTE, *forced)
    assert submitted(out) == {"score_large_ensemble", "check_large_claims"}
    assert [(repository / name).read_bytes() for name in targets] == before


def test_jobs_get_the_study_as_the_head_read_it(tmp_path):
    folder = copy_of_repository(tmp_path, few=FEW)
    with edited(folder / "src/created_equal/cli.py", with_an_edit("few")):
        succeeds(folder, *PROFILE, "results/few/st_vgg/scores.nc", *FEW_CONFIG, *HASTE)
    assert "rate: 0.2" in (folder / "config/studies/few.yaml").read_text()
    with xr.open_dataset(folder / "results/few/st_vgg/predictions/0000-0001.nc") as predictions:
        assert '"learning_rate":0.1' in predictions.attrs["definition"]


def test_a_training_job_that_is_cancelled_is_submitted_again_and_goes_on(repository, undisturbed):
    head = start(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    assert wait_until((repository / ONE_FINISHED).exists, MOST_SECONDS), ends(head)
    (number,) = (each for each, comment in jobs().items() if "0000" in comment)
    assert said("scancel", number) == ""
    status, out = ends(head)
    assert status == 0, out
    assert re.search(rf"job '?{number}'? failed|SLURM-job '{number}'|{number}.*CANCELLED", out), out
    assert "1 networks to train, 1 already there" in training_log(repository)
    assert_as_undisturbed(repository, undisturbed)


def test_training_jobs_that_are_preempted_go_on_when_there_is_room_again(repository, undisturbed):
    head = start(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    logs = partial(training_log, repository), partial(training_log, repository, "0002-0003")
    assert wait_until(lambda: all("epoch 3/" in log() for log in logs), MOST_SECONDS), ends(head)
    preempted = [each for each, comment in jobs().items() if "train_networks" in comment]
    urgent = ("--exclusive", "--output=/dev/null", "--wrap=true")
    assert "Submitted" in said("sbatch", "--wait", f"--partition={URGENT}", *urgent)
    status, out = ends(head)
    assert status == 0, out
    # By Slurm, while Snakemake waited: it knows of no failure, and submitted none again.
    assert len(preempted) == 2
    for number in preempted:
        assert "Restarts=1 " in said("scontrol", "show", "job", number)
    assert "failed" not in out
    for log in logs:
        # Between two networks, there is one to keep and none to resume.
        assert re.search(r"network \d resumes after epoch [1-9]|1 already there", log())
    assert_as_undisturbed(repository, undisturbed)


def test_recovery_by_the_docs_after_the_head_process_was_killed(repository, undisturbed):
    head = start(repository, *PROFILE, SCORES, *LONG_CONFIG, *HASTE)
    assert wait_until((repository / ONE_FINISHED).exists, MOST_SECONDS), ends(head)
    os.kill(head.pid, signal.SIGKILL)
    ends(head)
    assert jobs(), "the jobs of a killed head process live on"
    # The job of another folder, whose run continues.
    other = said(
        *("sbatch", "--parsable", "--job-name=created-equal-other", "--comment=other"),
        *(f"--chdir={repository.parent}", "--wrap=sleep 600"),
    ).strip()
    *first, last = recovery_in_docs()
    for command in first:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=repository,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert wait_until(lambda: jobs() == {other: "other"}, 30)
    assert said("scancel", other) == ""
    assert wait_until(lambda: not jobs(), 30)
    assert last == "snakemake --profile slurm"
    succeeds(repository, *last.split()[1:], SCORES, *LONG_CONFIG, *HASTE)
    assert "1 networks to train, 1 already there" in training_log(repository)
    assert_as_undisturbed(repository, undisturbed)


def recovery_in_docs():
    """Return the commands that docs/cluster.md gives for this."""
    _, _, after = (ROOT / "docs/cluster.md").read_text().partition("If the head process was killed")
    block = after.split("\n\n")[1]
    return [line.split("  #")[0].strip() for line in block.splitlines()]


def test_what_slurm_refuses_ends_the_run_with_what_it_says(repository):
    too_much = ("--set-resources", "train_networks:mem_mb=100000000")
    arguments = (*PROFILE, SCORES, *LONG_CONFIG, *HASTE, *too_much, "--retries", "0")
    status, out = run(repository, *arguments)
    assert status != 0
    assert "Memory specification can not be satisfied" in out
    assert not jobs()
    shutil.rmtree(repository / "results")
