import ast
import json
from pathlib import Path

import nbformat
import pytest

from created_equal.study import CROSS_DATASET, FIGURES

PAGES = [*FIGURES, CROSS_DATASET]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def cells(figure: str) -> list[dict]:
    return json.loads((NOTEBOOKS / f"{figure}.ipynb").read_text("utf-8"))["cells"]


def heading(figure: str) -> str:
    words = f"figure {int(figure[-2:])}" if figure[-2:].isdigit() else figure.replace("_", " ")
    return words.capitalize()


def test_every_figure_of_a_study_has_a_notebook() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(PAGES)


@pytest.mark.parametrize("figure", PAGES)
def test_a_notebook_is_valid_and_carries_no_outputs(figure: str) -> None:
    path = NOTEBOOKS / f"{figure}.ipynb"
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in cells(figure):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("figure", PAGES)
def test_a_notebook_is_a_thin_page_with_one_parameter(figure: str) -> None:
    assert [cell["id"] for cell in cells(figure)] == ["question", "parameters", "load", "draw"]
    question, parameters, _, draw = cells(figure)
    if figure in FIGURES:
        assert question["source"][0].startswith(f"# {heading(figure)}: ")
    assert f"`snakemake --cores all {figure}`" in question["source"][-1]
    assert parameters["metadata"]["tags"] == ["parameters"]
    parameter = 'studies = ["digits"]' if figure == CROSS_DATASET else 'study = "digits"'
    assert parameters["source"] == [parameter]
    assert len(ast.parse("".join(draw["source"])).body) == 2
