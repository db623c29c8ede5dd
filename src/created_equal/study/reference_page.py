"""config/README.md, written from the schemas: ``python -m created_equal.study.reference_page``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from created_equal.study.yaml_files import allowed, load_schema

REFERENCE = Path(__file__).parents[3] / "config" / "README.md"

INTRODUCTION = """\
# Every key

This page is written from schemas/ by `python -m created_equal.study.reference_page`.

## A study of your own

Copy config/studies/small_mammals.yaml to config/studies/my_images.yaml, and write for example

```yaml
title: My images
dataset: {source: image_folder, path: my_images, size: 32}
networks: 20
recipe: {epochs: 60, decay: {factor: 1.8, every: 20}}
ensembles:
  st_vgg: {architecture: st_vgg}
  resnet18: {architecture: resnet18, recipe: {learning_rate: 0.02}}
figures:
  figure_01: {ensemble: st_vgg}
  figure_04: {ensembles: [st_vgg, resnet18]}
```

where data/my_images (below data_root) has a folder train and a folder test, and each of them a
folder of images per class. `created-equal build_dataset my_images`, and then
`created-equal plan my_images`, say what it costs, and
`snakemake --cores all --config studies=my_images` does it. Images that no memory holds at once stay
in their files with `images: files`, and are decoded ahead of the device while it trains. A mistake
in a file is reported at once, with its place and what to write instead.
"""


def reference() -> str:
    """Return the text of config/README.md."""
    config, study = load_schema("config"), load_schema("study")
    definitions = study["$defs"]
    return "\n".join(
        [
            INTRODUCTION,
            *_section("config.yaml", config, {}),
            *_section("config/studies/NAME.yaml", study, definitions),
            *_section("dataset", definitions["dataset"], definitions),
            *_section("dataset.clutter", definitions["clutter"], definitions),
            *_section("recipe (of the study, of an ensemble)", definitions["recipe"], definitions),
            *_section("recipe.decay", definitions["recipe"]["properties"]["decay"], definitions),
            *_section("resources (of study, ensemble)", definitions["resources"], definitions),
            *_section("ensembles.NAME", definitions["ensemble"], definitions),
            *_section("ensembles.NAME.dataset", definitions["derived"], definitions),
            *_section("baselines", study["properties"]["baselines"], definitions),
            *_sections_of("baselines", study),
            *_section("figures", study["properties"]["figures"], definitions),
            *_sections_of("figures", study),
            "## Architectures",
            "",
            ", ".join(definitions["architecture"]["enum"]) + ".",
            "",
        ]
    )


def _sections_of(key: str, study: Mapping) -> Iterator[str]:
    """Yield a section for all entries of a key that have the same keys, if they have any."""
    alike = {}
    for name, entry in study["properties"][key]["properties"].items():
        alike.setdefault(_name_of_definition(entry), []).append(name)
    for definition, names in alike.items():
        schema = study["$defs"][definition]
        if "properties" in schema:
            yield from _section(f"{key}.{', '.join(names)}", schema, study["$defs"])


def _section(title: str, schema: Mapping, definitions: Mapping) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| key | value | default | what it does |"
    yield "|---|---|---|---|"
    required = schema.get("required", [])
    for key, entry in schema["properties"].items():
        entry = _with_definition(entry, definitions)
        default = "needed" if key in required else _default(entry)
        yield f"| {key} | {allowed(entry)} | {default} | {entry['description']} |"
    yield ""


def _with_definition(entry: Mapping, definitions: Mapping) -> Mapping:
    if "$ref" not in entry:
        return entry
    return definitions[_name_of_definition(entry)] | entry


def _name_of_definition(entry: Mapping) -> str:
    return entry["$ref"].rpartition("/")[2]


def _default(entry: Mapping) -> str:
    if "default" not in entry:
        return ""
    return json.dumps(entry["default"]).replace('"', "")


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
