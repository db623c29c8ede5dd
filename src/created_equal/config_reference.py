"""config/README.md, written from the schemas: ``python -m created_equal.config_reference``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from created_equal.yaml_files import allowed, load_schema

REFERENCE = Path(__file__).parents[2] / "config" / "README.md"

INTRODUCTION = """\
# Every key

This page is written from schemas/ by `python -m created_equal.config_reference`.

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
            *_section("recipe (of the study, of an ensemble)", definitions["recipe"], definitions),
            *_section("recipe.decay", definitions["recipe"]["properties"]["decay"], definitions),
            *_section("resources (of study, ensemble)", definitions["resources"], definitions),
            *_section("ensembles.NAME", definitions["ensemble"], definitions),
            *_section("ensembles.NAME.dataset", definitions["derived"], definitions),
            *_section("baselines", study["properties"]["baselines"], definitions),
            *_section(
                "baselines.perceptron, decision_tree, random_forest",
                definitions["baseline_with_seeds"],
                definitions,
            ),
            *_section("baselines.adaboost", definitions["adaboost"], definitions),
            *_section("figures", study["properties"]["figures"], definitions),
            *_section(
                "figures.figure_01, figure_03, figure_09",
                definitions["figure_of_four_epochs"],
                definitions,
            ),
            *_section("figures.figure_02", definitions["figure_of_six_epochs"], definitions),
            *_section("figures.figure_04", definitions["figure_of_two_ensembles"], definitions),
            *_section("figures.figure_05", definitions["figure_of_linear_networks"], definitions),
            *_section("figures.figure_06", definitions["figure_of_adaboost"], definitions),
            *_section("figures.figure_07", definitions["figure_of_classifiers"], definitions),
            *_section("figures.figure_08", definitions["figure_of_hard_problems"], definitions),
            *_section(
                "figures.figure_10, figure_11", definitions["figure_of_all_epochs"], definitions
            ),
            *_section(
                "figures.moved_examples", definitions["figure_of_moved_examples"], definitions
            ),
            *_section("figures.robustness", definitions["figure_of_many_ensembles"], definitions),
            "## Architectures",
            "",
            ", ".join(definitions["architecture"]["enum"]) + ".",
            "",
        ]
    )


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
    return definitions[entry["$ref"].rpartition("/")[2]] | entry


def _default(entry: Mapping) -> str:
    if "default" not in entry:
        return ""
    return json.dumps(entry["default"]).replace('"', "")


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
