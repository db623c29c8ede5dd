from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.core import publish_string
from jinja2 import Environment, StrictUndefined

from created_equal.study import CROSS_DATASET, FIGURES

REPORT = Path(__file__).parents[2] / "report"
# Fail on docutils warnings, which would show up in the report as system messages.
STRICT = {"halt_level": 2, "report_level": 5}


def rendered(caption: Path, **snakemake: object) -> str:
    template = Environment(undefined=StrictUndefined).from_string(caption.read_text("utf-8"))
    text = template.render(snakemake=SimpleNamespace(**snakemake))
    return publish_string(text, writer="html5", settings_overrides=STRICT).decode()


def test_every_figure_of_a_study_has_a_caption():
    captions = {path.stem for path in REPORT.glob("*.rst")} - {"workflow", "claims", "explorer"}
    assert captions == {*FIGURES, CROSS_DATASET}


def test_captions_name_their_figure_and_their_study():
    wrong = {}
    for figure in FIGURES:
        page = rendered(REPORT / f"{figure}.rst", wildcards=SimpleNamespace(study="small_mammals"))
        name = f"Figure {int(figure[-2:])}" if figure[-2:].isdigit() else figure.replace("_", " ")
        needed = (f"{name.capitalize()}, small_mammals:", "Look for:", "It tests:")
        if missing := [words for words in needed if words not in page]:
            wrong[figure] = missing
    assert not wrong


def test_the_caption_of_several_studies_names_them():
    page = rendered(
        REPORT / f"{CROSS_DATASET}.rst", params=SimpleNamespace(studies=["digits", "mnist"])
    )
    assert "a panel for each study (digits, mnist)" in page
    assert "Look for:" in page
    assert "It tests:" in page


@pytest.mark.parametrize("studies", [["digits", "mnist"], "digits, mnist"])
def test_the_description_names_the_studies(studies):
    assert "of this report: digits, mnist." in rendered(
        REPORT / "workflow.rst", config={"studies": studies}
    )
