"""Write the tables in config/README.md and the JSON schemas from the models in ``keys``.

Usage: ``python -m created_equal.study.key_pages``
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from created_equal.paths import REPOSITORY
from created_equal.study.keys import Config, StudyFile
from created_equal.study.yaml_files import allowed

MODELS = {"config.yaml": Config, "config/studies/NAME.yaml": StudyFile}
README = REPOSITORY / "config/README.md"


class _Schema(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: object) -> bool:
        """Leave out titles, which repeat the keys."""
        return False


def schema_of(model: type) -> dict:
    """Return the JSON schema of a model, with each description on one line."""
    schema = json.dumps(TypeAdapter(model).json_schema(schema_generator=_Schema))
    return {"$schema": _Schema.schema_dialect} | json.loads(schema.replace("\\n", " "))


def pages() -> dict[Path, str]:
    """Return the text of every file that is generated from the models, by its path."""
    config, study = map(schema_of, MODELS.values())
    entries = [study["$defs"][name]["properties"] for name in ("BaselinesEntry", "FiguresEntry")]
    for part in (*entries, study["properties"]["ensembles"]["patternProperties"]):
        for name, entry in part.items():
            # `NAME: null` leaves out what the study's base has, which editors cannot know.
            either = [{"$ref": entry.pop("$ref")}, {"type": "null"}]
            part[name] = entry | {"anyOf": either}
    return {
        README: describe_keys(),
        REPOSITORY / "schemas/config.schema.json": _dump(config) + "\n",
        REPOSITORY / "schemas/study.schema.json": _dump(study) + "\n",
    }


def describe_keys() -> str:
    """Return the text of config/README.md: its introduction as it is, then the tables."""
    introduction, _, _ = README.read_text("utf-8").partition("## config.yaml")
    lines = []
    for title, model in MODELS.items():
        schema = schema_of(model)
        lines += _section(title, schema)
        places = {}
        for name, place in _places(schema, schema.get("$defs", {})):
            places.setdefault(name, []).append(place)
        for name, found in places.items():
            lines += _section(", ".join(found), schema["$defs"][name])
    architecture = schema["$defs"]["EnsembleEntry"]["properties"]["architecture"]
    names = ", ".join(name for each in architecture["oneOf"] for name in each.get("enum", ()))
    return introduction + "\n".join([*lines, "## Architectures", "", f"{names}.", ""])


def _dump(part: Mapping, indent: str = "") -> str:
    """Return a JSON schema as text, with one line for each key of each model.

    Required keys are not marked, because editors cannot know the keys that a study's base has.
    """
    lines = []
    for key, value in part.items():
        if key == "required":
            continue
        nested = key in ("$defs", "properties") or (
            isinstance(value, dict) and "properties" in value
        )
        text = _dump(value, indent + " ") if nested and value else json.dumps(value)
        lines.append(f"{indent} {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _places(part: Mapping, models: Mapping, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the place of every model that a part of a schema refers to."""
    for each in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _places(each, models, place)
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        yield name, place
        yield from _places(models[name], models, place)
    inner = list(part.get("properties", {}).items())
    inner += [("NAME", each) for each in part.get("patternProperties", {}).values()]
    for key, entry in inner:
        yield from _places(entry, models, f"{place}.{key}" if place else key)


def _section(title: str, schema: Mapping) -> list[str]:
    """Return a table of a model's keys as lines; none if it has no keys."""
    required = schema.get("required", ())
    rows = [
        f"| {key} | {allowed(entry)} | {'required' if key in required else _default(entry)} | "
        f"{entry['description']} |"
        for key, entry in schema["properties"].items()
    ]
    head = [f"## {title}", "", "| key | value | default | description |", "|---|---|---|---|"]
    return [*head, *rows, ""] if rows else []


def _default(entry: Mapping) -> str:
    return json.dumps(entry["default"]).replace('"', "") if "default" in entry else ""


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
