import json
import re
from pathlib import Path

import pytest
from data import write_study
from jsonschema import Draft202012Validator

from created_equal.study import load_study
from created_equal.study.key_pages import MODELS, REPOSITORY, describe_keys, pages, schema_of


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_committed_pages_are_up_to_date(path):
    assert path.read_text() == pages()[path], "run make config/README.md"


def test_schemas_has_no_other_files():
    generated = {path for path in pages() if path.parent.name == "schemas"}
    assert set((REPOSITORY / "schemas").iterdir()) == generated


@pytest.mark.parametrize("model", MODELS.values())
def test_every_key_is_described_and_no_other_is_allowed(model):
    schema = schema_of(model)
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part["additionalProperties"] is False
        assert part["description"].endswith(".")
        for key, entry in part["properties"].items():
            assert entry["description"].endswith("."), key


@pytest.mark.parametrize(
    "path",
    [*Path(REPOSITORY, "config").rglob("*.yaml"), REPOSITORY / "config.yaml"],
    ids=lambda path: path.name,
)
def test_every_file_names_its_schema_for_editors(path):
    first = path.read_text().splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.*)", first)[1]
    kind = "study" if path.parent.name == "studies" else "config"
    assert (path.parent / named).resolve() == REPOSITORY / f"schemas/{kind}.schema.json"


def test_editors_accept_null_for_what_a_base_has_and_no_other_value():
    schema = json.loads((REPOSITORY / "schemas/study.schema.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    for part, name in {"ensembles": "any", "baselines": "svm", "figures": "figure_01"}.items():
        assert validator.is_valid({part: {name: None}})
        assert not validator.is_valid({part: {name: 3}})


def test_the_study_shown_on_the_page_is_a_valid_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = re.search("```yaml\n(.*?)```", describe_keys(), re.DOTALL)[1]
    write_study(shown, "my_images")
    study = load_study("my_images")
    assert study.ensembles["resnet18"].recipe.learning_rate == 0.02
    assert study.ensembles["resnet18"].recipe.epochs == 60
