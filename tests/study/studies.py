"""Studies that tests write: a small one with changes, and what is said of those that are wrong."""

import re
from pathlib import Path

import pytest
import yaml

from created_equal.errors import InputError
from created_equal.study import load_study

FOLDER = {"source": "image_folder", "path": "mine", "size": 64, "images": "files"}
CLUTTER = {
    "digit_size": [12, 16],
    "contrast": [0.5, 1],
    "fragments": 1,
    "fragment_size": 4,
    "fragment_contrast": [0.3, 1],
    "noise": [0, 0.2],
}
TWO = {"a": {"architecture": "st_vgg"}, "b": {"architecture": "mnist_cnn"}}


def minimal(**changes):
    return {
        "title": "A study",
        "dataset": {"source": "digits"},
        "ensembles": {"a": {"architecture": "st_vgg"}},
    } | changes


def with_clutter(source="digits", size=16, **changes):
    return minimal(dataset={"source": source, "size": size, "clutter": CLUTTER | changes})


def with_baselines(**baselines):
    return minimal(baselines=baselines)


def load(values, name="one", networks=None):
    Path(f"config/studies/{name}.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    return load_study(name, networks)


def problems(values):
    """Return the sentences about a wrong study without their lines, which must have its keys."""
    with pytest.raises(InputError) as refusal:
        load(values)
    file = "config/studies/one.yaml"
    lines = Path(file).read_text().splitlines()
    first, *rest = str(refusal.value).split("\n  ")
    if rest:
        assert first == f"{file} has {len(rest)} problems:"
    found = []
    for each in rest or [first.removeprefix(file).removeprefix(", ").removeprefix(": ")]:
        line, sentence = re.fullmatch(r"(?:line (\d+): )?(.*)", each).groups()
        if line:
            assert re.match(r"[\s-]*(\w[\w-]*|)", lines[int(line) - 1])[1] in sentence
        found.append(sentence)
    return found
