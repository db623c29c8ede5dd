import errno
import json
import sys
from pathlib import Path

import pytest
import xarray as xr
from data import write_study

from created_equal.artefacts import write_dataset, write_scores
from created_equal.errors import InputError
from created_equal.figures import render, robustness
from created_equal.figures.figure_11 import draw
from created_equal.figures.render import render_cross_dataset, render_figure
from created_equal.figures.saving import save
from created_equal.study import load_study

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
STUDY = """
title: Made up
dataset: {source: digits}
recipe: {epochs: 12}
ensembles: {st_vgg: {architecture: st_vgg}}
figures:
  figure_01: {ensemble: st_vgg}
  figure_11: {ensemble: st_vgg}
"""


@pytest.fixture
def repository(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scores: xr.Dataset,
    dataset: xr.Dataset,
) -> Path:
    """Return the current folder, with a study, its dataset and its scores."""
    monkeypatch.chdir(tmp_path)
    Path("notebooks").symlink_to(NOTEBOOKS)
    write_study(STUDY, "made_up")
    Path("config.yaml").write_text("studies: [made_up]\n")
    write_dataset(dataset, Path("results/made_up/dataset.nc"), {})
    write_scores(scores, Path("results/made_up/st_vgg/scores.nc"), {})
    return tmp_path


def assert_same_files(figure: str) -> None:
    for extension in ("pdf", "svg", "png"):
        one, other = (
            Path(f"paper_figures/{name}/{figure}.{extension}").read_bytes()
            for name in ("made_up", "here")
        )
        assert one == other


def test_a_notebook_saves_the_figure_of_its_function(repository, scores, dataset):
    render_figure(load_study("made_up"), "figure_11")
    save(draw(scores, dataset, "Made up", "st-VGG"), "here", "figure_11")
    assert_same_files("figure_11")
    cells = json.loads(Path("results/made_up/logs/figure_11.ipynb").read_text())["cells"]
    assert "image/png" in cells[-1]["outputs"][0]["data"]


def write_notebook(figure: str, notebook: dict) -> None:
    """Write a notebook in place of those that come with the code."""
    Path("notebooks").unlink()
    Path("notebooks").mkdir()
    Path(f"notebooks/{figure}.ipynb").write_text(json.dumps(notebook))


def replace_by(code: str) -> None:
    """Replace the notebook of figure 11 by one cell, without the notebook's kernel and language."""
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    notebook = {"cells": [cell | {"source": code}], "nbformat": 4, "nbformat_minor": 4}
    write_notebook("figure_11", notebook | {"metadata": {}})


def end_with(code: str) -> None:
    """Replace the last cell of the notebook of figure 1."""
    notebook = json.loads((NOTEBOOKS / "figure_01.ipynb").read_text())
    notebook["cells"][-1]["source"] = code
    write_notebook("figure_01", notebook)


def assert_a_cell_is_run(repository: Path) -> None:
    """Assert that a notebook of one cell is run, in the current folder."""
    # In any other folder there is no folder of this name.
    replace_by("open('results/made_up/ran', 'w')")
    render_figure(load_study("made_up"), "figure_11")
    assert (repository / "results/made_up/ran").exists()


def test_a_users_files_do_not_stand_for_modules(repository):
    for module in ("types", "random", "numpy"):
        Path(f"{module}.py").write_text("raise RuntimeError")
    render_figure(load_study("made_up"), "figure_01")
    assert Path("paper_figures/made_up/figure_01.pdf").is_file()


def test_the_figure_of_several_studies_shows_those_that_have_a_figure_1(repository, scores):
    write_study(STUDY.replace("  figure_01: {ensemble: st_vgg}\n", ""), "without")
    render_cross_dataset(["made_up", "without"])
    panels = {"made_up: st-VGG": scores}
    drawn = robustness.draw(panels, "All selected studies", "one ensemble of each study")
    save(drawn, "here", "cross_dataset")
    assert_same_files("cross_dataset")
    with pytest.raises(InputError, match="figure_01, but none of without has one; add"):
        render_cross_dataset(["without"])


def test_what_a_kernel_prints_while_it_ends_is_not_in_the_log(repository, capfd):
    """A kernel may fail to close its sockets on a busy machine, after the figure is written."""
    end_with("import atexit, os; atexit.register(lambda: os.write(2, b'Traceback'))")
    render_figure(load_study("made_up"), "figure_01")
    assert "Traceback" not in capfd.readouterr().err


def test_a_disk_that_is_full_is_not_taken_for_a_kernel_that_does_not_start(repository, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(render, "TemporaryDirectory", full)
    with pytest.raises(OSError, match="No space left on device"):
        render_figure(load_study("made_up"), "figure_01")


def test_an_input_error_in_a_notebook_is_passed_on(repository):
    Path("results/made_up/st_vgg/scores.nc").unlink()
    with pytest.raises(InputError) as raised:
        render_figure(load_study("made_up"), "figure_01")
    assert str(raised.value).startswith("results/made_up/st_vgg/scores.nc does not exist; build it")
    assert "InputError" in Path("results/made_up/logs/figure_01.ipynb").read_text()
    assert not Path("paper_figures").exists()


def test_another_error_in_a_notebook_is_named_with_its_log(repository):
    end_with("1 / 0")
    sentence = (
        r"^notebooks/figure_01.ipynb failed for the study made_up with ZeroDivisionError "
        r"\(division by zero\); .* is results/made_up/logs/figure_01.ipynb.$"
    )
    with pytest.raises(InputError, match=sentence):
        render_figure(load_study("made_up"), "figure_01")


def test_a_killed_notebook(repository):
    end_with("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(InputError, match="was killed, most likely because memory ran out"):
        render_figure(load_study("made_up"), "figure_01")


def test_a_figure_that_the_study_does_not_list(repository):
    with pytest.raises(InputError, match="made_up has no figure_04; name one of figure_01, fig"):
        render_figure(load_study("made_up"), "figure_04")
    with pytest.raises(InputError, match=r"made_up has no figure_1; did you mean figure_01"):
        render_figure(load_study("made_up"), "figure_1")


def test_a_figure_that_contradicts_its_study(repository):
    write_study(f"{STUDY}  figure_05: {{ensemble: st_vgg, linear: linear_st_vgg}}\n", "made_up")
    sentence = r"^config/studies/made_up.yaml: figures.figure_05 shows linear_st_vgg, which is not"
    with pytest.raises(InputError, match=sentence):
        render_figure(load_study("made_up"), "figure_05")


def test_the_notebooks_that_come_with_the_code(repository):
    Path("notebooks").unlink()
    render_figure(load_study("made_up"), "figure_01")
    assert Path("paper_figures/made_up/figure_01.pdf").is_file()


def kernel(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Run the notebooks in a kernel that is started by a shell command."""
    monkeypatch.setattr(render, "COMMAND", ["sh", "-c", command, "sh", "{connection_file}"])


def test_a_kernel_that_does_not_start_at_first_is_started_again(repository, monkeypatch):
    first = "test -e started || { touch started; exit 1; }"
    kernel(monkeypatch, f"{first}; exec '{sys.executable}' -m ipykernel_launcher -f \"$1\"")
    assert_a_cell_is_run(repository)
    assert Path("started").exists()


def test_a_kernel_that_never_starts(repository, monkeypatch):
    kernel(monkeypatch, "echo x >> starts; exit 1")
    with pytest.raises(InputError, match=r"for notebooks/figure_11.ipynb did not start in 3"):
        render_figure(load_study("made_up"), "figure_11")
    assert Path("starts").read_text() == "x\n" * 3


def test_a_cell_that_takes_too_long_is_run_once(repository, monkeypatch):
    monkeypatch.setattr(render, "LONGEST_CELL", 10)
    replace_by("open('runs', 'a').write('x')\n__import__('time').sleep(1000)")
    sentence = r"did not end \(A cell .* after 10 seconds. The message was: Cell .*\); run again"
    with pytest.raises(InputError, match=sentence):
        render_figure(load_study("made_up"), "figure_11")
    assert Path("runs").read_text() == "x"


def test_a_figure_waits_for_nothing_after_its_last_cell(repository, monkeypatch):
    """Papermill would ask for the kernel's language, whose answer may never come (issue 711)."""

    def wait_for_reply(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(render.PapermillNotebookClient, "wait_for_reply", wait_for_reply)
    assert_a_cell_is_run(repository)


def test_neither_other_kernels_nor_start_up_files_matter(repository, monkeypatch):
    """Of Jupyter's kernels, JUPYTER_PATH comes first; IPython runs every file in startup."""
    spec = repository / "jupyter/kernels/python3/kernel.json"
    startup = repository / "ipython/profile_default/startup/00.py"
    for path in (spec, startup):
        path.parent.mkdir(parents=True)
    gone = ["/gone/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": gone, "display_name": "own", "language": "python"}))
    startup.write_text("import os; os.chdir('/')")
    (repository / "startup.py").write_text("import os; os.chdir('/')")
    monkeypatch.setenv("JUPYTER_PATH", str(repository / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(repository / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(repository / "startup.py"))
    assert_a_cell_is_run(repository)
