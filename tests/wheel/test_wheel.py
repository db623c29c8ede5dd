"""The wheel, built and installed as others install it. ``make test-portable`` runs these tests."""

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from needs import require
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
# These libraries and what they need are all that may come with the core.
CORE = {"numpy", "pandas", "xarray", "h5netcdf", "h5py", "packaging", "python-dateutil", "six"}
CORE |= {"tzdata", "pytz", "created-equal", "pip", "setuptools"}
USE_OF_THE_CORE = """
import numpy as np
import created_equal

scores = created_equal.load_scores("digits", "st_vgg", created_equal.REFERENCE)
assert scores.sizes["network"] == 21
mine = created_equal.score(np.array([[[1, 0]], [[0, 0]]]), np.array([0, 0]), epochs=[1])
assert mine["consistency"].values.tolist() == [[0.5, 1.0]]
assert created_equal.table(mine)["consistency"].tolist() == [0.5, 1.0]
for extra in ("draw", "correlation"):
    try:
        if extra == "draw":
            created_equal.draw("figure_01", scores, "title", "name")
        from created_equal.scores import correlation
        correlation(np.arange(9.0), np.arange(9.0) ** 2)
    except created_equal.InputError as error:
        print(error)
"""

RECORDINGS = """
import numpy as np
from created_equal import Recorder

labels = {"train": np.arange(60) % 3, "test": np.arange(30) % 3}
for seed in range(5):
    with Recorder("predictions", network=seed, labels=labels, classes=["a", "b", "c"]) as recorder:
        for epoch in range(5):
            for split, of in labels.items():
                places = np.arange(len(of))
                recorder.record(epoch, split, places, np.where(places % 5 <= epoch, of, 2 - of))
"""


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def succeeds(*command, **options):
    done = run(*command, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of what git tracks or would track."""
    clone, built = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    listed = succeeds(
        *("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"), cwd=ROOT
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    succeeds(*pip, "--wheel-dir", str(built), ".", cwd=clone)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The environment of commands that use the wheel's package, and this Python's libraries."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return os.environ | {"PYTHONPATH": str(folder)}


def install(folder, *packages):
    """Install packages in a new environment; return its commands, and how to run them in a folder.

    The folder is empty, and the package's source is in no path.
    """
    venv.create(folder / "venv", with_pip=True)
    binaries, empty = folder / "venv" / ("Scripts" if os.name == "nt" else "bin"), folder / "empty"
    empty.mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    alone = {"cwd": empty, "env": environment}
    quiet = ("--quiet", "--disable-pip-version-check", "--prefer-binary")
    succeeds(str(binaries / "python"), "-m", "pip", "install", *quiet, *packages, **alone)
    return binaries, alone


def test_the_core_works_in_an_empty_environment(wheel, tmp_path):
    binaries, alone = install(tmp_path, str(wheel))
    python = str(binaries / "python")
    frozen = succeeds(python, "-m", "pip", "list", "--format=freeze", **alone)
    installed = {line.partition("==")[0].lower().replace("_", "-") for line in frozen.split()}
    assert installed <= CORE

    printed = succeeds(python, "-c", USE_OF_THE_CORE, **alone)
    assert printed.splitlines() == [
        f"this needs {library}, which is not installed; install it with: "
        "pip install 'created-equal[workflow]'"
        for library in ("matplotlib", "scipy")
    ]
    done = run(str(binaries / "created-equal"), "--help", **alone)
    assert done.returncode == 2
    assert done.stderr == (
        "created-equal: this needs typer, which is not installed; install it with: "
        "pip install 'created-equal[workflow]'\n"
    )
    assert not list(alone["cwd"].iterdir())


def test_the_oldest_versions_are_new_enough(wheel, tmp_path):
    require(sys.version_info[:2] == (3, 11), "newer Pythons need newer versions of libraries")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = map(
        Requirement, project["dependencies"] + project["optional-dependencies"]["workflow"]
    )
    oldest = [
        f"{each.name}=={limit.version}"
        for each in required
        for limit in each.specifier
        if limit.operator == ">="
    ]
    binaries, alone = install(tmp_path, f"{wheel}[workflow]", *oldest)
    python, command = str(binaries / "python"), str(binaries / "created-equal")
    succeeds(python, "-c", RECORDINGS, **alone)
    succeeds(command, "score", "predictions", **alone)
    made = {path.name for path in (alone["cwd"] / "predictions").iterdir()}
    assert made >= {"scores.nc", "examples.parquet", "figure_04.pdf", "claims.html"}
    assert "render_figure" in succeeds(command, "--help", **alone)
    code = "import created_equal; print(created_equal.SNAKEFILE)"
    snakefile = succeeds(python, "-c", code, **alone).strip()
    figure = "paper_figures/digits/figure_10.pdf"
    succeeds(
        *(str(binaries / "snakemake"), "--snakefile", snakefile, "--cores", "1", figure),
        *("--config", "scores=reference"),
        **alone,
    )
    assert (alone["cwd"] / figure).exists()


def test_commands_work_in_an_empty_folder(unpacked, tmp_path):
    def created_equal(*arguments):
        command = (sys.executable, "-m", "created_equal", *arguments)
        return succeeds(*command, cwd=tmp_path, env=unpacked)

    assert "build_dataset" in created_equal("--help")
    created_equal("build_dataset", "smoke")
    created_equal("train_networks", "smoke", "linear_st_vgg", "--networks", "0-1")
    created_equal("score_ensemble", "smoke", "linear_st_vgg")
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.nc")}
    assert {
        "results/smoke/dataset.nc",
        "results/smoke/linear_st_vgg/predictions/0000-0001.nc",
        "results/smoke/linear_st_vgg/scores.nc",
    } <= made

    (tmp_path / "config.yaml").write_text("scores: reference\n")
    created_equal("render_figure", "digits", "figure_10")
    assert (tmp_path / "paper_figures/digits/figure_10.pdf").stat().st_size > 10_000


def test_the_workflow_runs_from_the_wheel(unpacked, tmp_path):
    code = "import created_equal; print(created_equal.SNAKEFILE)"
    snakefile = succeeds(sys.executable, "-c", code, cwd=tmp_path, env=unpacked).strip()
    assert snakefile.startswith(unpacked["PYTHONPATH"])
    planned = succeeds(
        *(sys.executable, "-m", "snakemake", "--cores", "1", "--snakefile", snakefile),
        *("--dry-run", "paper_figures/smoke/figure_01.pdf"),
        cwd=tmp_path,
        env=unpacked,
    )
    assert "render figure_01 of smoke" in planned
