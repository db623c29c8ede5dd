"""Python, the command and Snakemake, run as a user runs them, and what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from data import write_study

ROOT = Path(__file__).parents[1]
COMMAND = ("-m", "created_equal")
SNAKEMAKE = ("-m", "snakemake", "--cores", "2")


def python(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    """Run Python in a process of its own; by default what it prints is in the result."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, **{"capture_output": True, "text": True, **options})


def printed_by(code: str, *arguments: object, **options: object) -> str:
    """Return what some code prints, which must succeed in a process of its own."""
    done = python("-c", code, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(result: tuple[int, str, str]) -> str:
    """Return the sentence of a command that refused; the result is its code and both outputs."""
    code, _, message = result
    assert code == 2
    assert "Traceback" not in message
    (line,) = [line for line in message.splitlines() if line.startswith("created-equal: ")]
    assert line.endswith((".", "?"))
    return line.removeprefix("created-equal: ")


def copy_of_repository(folder: Path, **studies: dict | str) -> Path:
    """Copy what git tracks or would track, as a clone would have it, but not 50 MB of results.

    Args:
        folder: the folder to copy it to.
        studies: more studies, by name, as ``write_study`` takes them.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        is_large = name.startswith("reference/small_mammals_night/")
        if (ROOT / name).is_file() and not is_large:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name, study in studies.items():
        write_study(study, name, folder)
    return folder


def source_of(folder: Path) -> dict[str, str]:
    """Return the environment in which Python imports the package of a copied repository."""
    return os.environ | {"PYTHONPATH": str(folder / "src")}


def created_equal(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the command of a copied repository in it."""
    return python(*COMMAND, *arguments, cwd=folder, env=source_of(folder))


def snakemake(folder: Path, *arguments: object, **options: object) -> subprocess.CompletedProcess:
    """Run Snakemake in a copied repository, for half an hour at most."""
    settings = {"cwd": folder, "timeout": 1800, **options}
    return python(*SNAKEMAKE, *arguments, **settings)


def succeeds(folder: Path, *arguments: object, **options: object) -> str:
    """Return all that a run of Snakemake says, which must succeed."""
    done = snakemake(folder, *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def jobs(dry_run: str) -> dict[str, int]:
    """Return the jobs of a dry run by rule, from its table of job counts."""
    table = dry_run.split("Job stats:")[1].split("total")[0] if "Job stats:" in dry_run else ""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def failure(done: subprocess.CompletedProcess) -> str:
    """Return all that a run says, which must fail without a traceback."""
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in said
    return said
