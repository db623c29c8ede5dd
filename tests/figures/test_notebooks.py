import ast
import json
from pathlib import Path

import nbformat

from created_equal.study import CROSS_DATASET, FIGURES

PAGES = [*FIGURES, CROSS_DATASET]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def cells(figure: str) -> list[dict]:
    return json.loads((NOTEBOOKS / f"{figure}.ipynb").read_text("utf-8"))["cells"]


def heading(figure: str) -> str:
    words = f"figure {int(figure[-2:])}" if figure[-2:].isdigit() else figure.replace("_", " ")
    return words.capitalize()


def test_every_figure_of_a_study_has_a_notebook():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(PAGES)


def test_notebooks_are_valid_and_have_no_outputs():
    found = {}
    for figure in PAGES:
        notebook = nbformat.read(NOTEBOOKS / f"{figure}.ipynb", as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        code = [cell for cell in cells(figure) if cell["cell_type"] == "code"]
        run = [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]]
        version = (notebook.nbformat, notebook.nbformat_minor)
        found[figure] = (version, notebook.metadata.kernelspec.name, run)
    assert found == dict.fromkeys(PAGES, ((4, 5), "python3", []))


def test_notebooks_are_short_and_have_one_parameter():
    wrong = []
    for figure in PAGES:
        assert [cell["id"] for cell in cells(figure)] == ["question", "parameters", "load", "draw"]
        question, parameters, _, draw = cells(figure)
        parameter = 'studies = ["digits"]' if figure == CROSS_DATASET else 'study_name = "digits"'
        as_it_should_be = (
            figure == CROSS_DATASET or question["source"][0].startswith(f"# {heading(figure)}: "),
            f"`snakemake --cores all {figure}`" in question["source"][-1],
            parameters["metadata"]["tags"] == ["parameters"],
            parameters["source"] == [parameter],
            len(ast.parse("".join(draw["source"])).body) == 2,
        )
        if not all(as_it_should_be):
            wrong.append((figure, as_it_should_be))
    assert not wrong
