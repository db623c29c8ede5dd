import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from created_equal.artefacts import (
    definition_of,
    open_dataset,
    open_scores,
    write_dataset,
    write_scores,
)
from created_equal.errors import InputError
from created_equal.figures.saving import METADATA, save
from created_equal.study import CROSS_DATASET, FIGURES

VOTES = ("n_right", "modal_label", "n_modal", "n_runner_up")
# Of figures of images, of many points and of few: whether a format gives equal bytes twice.
IN_ALL_FORMATS = ("gallery", "figure_04", "figure_03")
Drawings = dict[str, Callable[[str, str], Figure]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
def test_scores_in_memory_and_in_files_give_the_same_files(
    figure, scores, other, dataset, drawings_of, tmp_path, monkeypatch
):
    formats = METADATA if figure in IN_ALL_FORMATS else {"svg": METADATA["svg"]}
    monkeypatch.setattr("created_equal.figures.saving.METADATA", formats)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("created_equal.artefacts.scores.IN_MEMORY", 0)  # As of large studies.
    for name, each in (("one", scores), ("two", other)):
        write_scores(each, Path(f"{name}.nc"), definition_of(each))
    write_dataset(dataset, Path("dataset.nc"), {})
    shown = save(drawings_of(scores, other, dataset)[figure]("Digits", "one"), "once", figure)
    with (
        open_scores(Path("one.nc")) as one,
        open_scores(Path("two.nc")) as two,
        open_dataset(Path("dataset.nc")) as data,
    ):
        save(drawings_of(one, two, data)[figure]("Digits", "one"), "again", figure)
        large = [(each, name) for each in (one, two) for name in VOTES] + [(data, "image")]
        read_whole = [name for each, name in large if each.variables[name]._in_memory]
    assert not read_whole
    once, again = contents(Path("paper_figures/once")), contents(Path("paper_figures/again"))
    assert shown == Path(f"paper_figures/once/{figure}.png")
    assert set(once) == {f"{figure}.{extension}" for extension in formats}
    assert once == again
    assert all(1_000 < len(file) < 1_000_000 for file in once.values())


def test_a_figure_of_several_studies_is_in_no_study_s_folder(drawings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = save(drawings[CROSS_DATASET]("Digits", "st_vgg"), "digits+mnist", CROSS_DATASET)
    assert shown == Path("paper_figures/digits+mnist/cross_dataset.png")
    names = sorted(path.name for path in shown.parent.iterdir())
    assert names == ["cross_dataset.pdf", "cross_dataset.png", "cross_dataset.svg"]


def test_text_stays_text(drawings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = save(drawings["figure_10"]("Digits", "st_vgg"), "digits", "figure_10")
    assert ">Digits</" in page.with_suffix(".svg").read_text("utf-8")
    pdf = page.with_suffix(".pdf").read_bytes()
    assert b"/Type0" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    width, height = struct.unpack(">II", page.read_bytes()[16:24])
    assert (width, height) == (1440, 840)


def test_a_figure_that_cannot_be_drawn_leaves_the_old_files_alone(drawings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(drawings["figure_10"]("Digits", "st_vgg"), "digits", "figure_10")
    before = contents(Path("paper_figures/digits"))
    broken = drawings["figure_10"]("Digits", "st_vgg")
    broken.text(0.5, 0.5, "$\\unknown$")
    with pytest.raises(ValueError, match="unknown"):
        save(broken, "digits", "figure_10")
    assert contents(Path("paper_figures/digits")) == before


def test_while_a_figure_is_rendered_nothing_is_in_its_folder(drawings, tmp_path, monkeypatch):
    """A run that is stopped kills the process, which cannot clean up."""
    found, render = [], Figure.savefig
    page = drawings["figure_10"]("Digits", "st_vgg")

    def savefig(figure: Figure, *arguments: object, **options: object) -> None:
        found.append([*tmp_path.rglob("*")])
        render(figure, *arguments, **options)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Figure, "savefig", savefig)
    save(page, "digits", "figure_10")
    assert found == [[], [], []]


def test_a_place_that_cannot_be_written_to(drawings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("paper_figures").write_text("a file in the way")
    sentence = f"paper_figures{os.sep}digits cannot be written to .*; a file has this path, where"
    with pytest.raises(InputError, match=sentence):
        save(drawings["figure_10"]("Digits", "st_vgg"), "digits", "figure_10")
