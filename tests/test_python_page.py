"""Everything that docs/python.md shows is run as it is there, in an empty folder."""

import doctest
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from commands import jobs, succeeds
from typer.testing import CliRunner

PAGE = Path(__file__).parents[1] / "docs/python.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def block(language, beginning=""):
    """Return the text of the one block in a language that begins with a text."""
    (found,) = [text for kind, text in BLOCKS if kind == language and text.startswith(beginning)]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which the page's commands were run."""
    from created_equal.cli import app

    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in block("sh").splitlines():
            program, *arguments = line.split()
            assert program == "created-equal"
            done = CliRunner().invoke(app, arguments)
            assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def globals_after(folder):
    """The names that the page's examples define; they were run and gave what the page shows."""
    examples = "\n".join(text for kind, text in BLOCKS if kind == "python" and ">>>" in text)
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        found = []
        runner.run(test, out=found.append, clear_globs=False)
    assert not runner.failures, "".join(found)
    assert runner.tries > 20
    return test.globs


def test_the_examples_give_what_the_page_shows(globals_after, folder):
    assert (folder / "figure_01.png").stat().st_size > 10_000
    assert (folder / "mine.png").stat().st_size > 10_000
    assert globals_after["hardest"]["accessibility"].is_monotonic_increasing


def test_the_page_names_all_that_the_package_offers():
    import created_equal

    named = set(re.findall(r"`(\w+)(?:\([^`]*\))?`", PAGE.read_text("utf-8")))
    assert set(created_equal.__all__) <= named


def test_the_workflow_runs_from_an_empty_folder(tmp_path):
    (line,) = re.findall(r"^    (snakemake -s .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    planned = subprocess.run(
        line.replace("--config", "--dry-run --config"),
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert planned.returncode == 0, planned.stderr
    assert jobs(planned.stdout + planned.stderr)["build_dataset"] == 1


def test_a_workflow_that_uses_ours_as_a_module(globals_after, folder):
    for beginning, language in {
        "# my_nets.py": "python",
        "# config/studies/mine.yaml": "yaml",
        "# Snakefile": "snakemake",
    }.items():
        path = folder / beginning.removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block(language, beginning))
    # Three rules of ours lead to the scores; theirs stays the first.
    planned = jobs(succeeds(folder, "--dry-run"))
    assert sum(planned.values()) == 5 and planned["equal_train_networks"] == 1
    succeeds(folder)
    assert len((folder / "hardest.csv").read_text().splitlines()) == 11
    # A changed file of arrays makes a new dataset.
    with np.load(folder / "data/mine.npz") as file:
        np.savez(folder / "data/mine.npz", **{**file, "class_names": np.array(["a", "b", "c"])})
    said = succeeds(folder, "--dry-run")
    assert jobs(said)["equal_build_dataset"] == 1
    assert "localrules" not in said
