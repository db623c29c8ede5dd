import re
from pathlib import Path

from created_equal.study import load_study
from created_equal.study.reference_page import REFERENCE, reference


def test_the_committed_page_is_in_step_with_the_schemas():
    assert REFERENCE.read_text() == reference(), "run python -m created_equal.study.reference_page"


def test_the_study_shown_on_the_page_is_a_valid_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("config/studies").mkdir(parents=True)
    shown = re.search("```yaml\n(.*?)```", reference(), re.DOTALL)[1]
    Path("config/studies/my_images.yaml").write_text(shown)
    study = load_study("my_images")
    assert study.ensembles["resnet18"].recipe.learning_rate == 0.02
    assert study.ensembles["resnet18"].recipe.epochs == 60
