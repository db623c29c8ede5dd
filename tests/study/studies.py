"""A minimal study that tests change and write, and the sentences about an invalid one."""

import re
from pathlib import Path

import pytest
from data import CLUTTER, write_study

from created_equal.errors import InputError
from created_equal.study import load_study

FOLDER = {"source": "image_folder", "path": "mine", "size": 64, "images": "files"}
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


def load(values, name="one", n_networks=None):
    write_study(values, name)
    return load_study(name, n_networks)


def problems(values):
    """Return the sentences about an invalid study, and check that their lines have their keys."""
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
