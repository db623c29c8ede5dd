"""What tests of several stages share: real digits, tiny ensembles, a small study of one's own."""

import gc
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from data import DIGITS, data_root  # noqa: F401
from hypothesis import settings
from needs import require

from created_equal.garbage import collect_less
from created_equal.study import Architecture, Ensemble, Recipe

collect_less()

# The first example of a property may import a library, which takes longer than the usual 200 ms.
settings.register_profile("tests", settings(), deadline=None)
settings.load_profile("tests")

# Otherwise loading a local file asks Hugging Face's server whether it is there.
os.environ["HF_HUB_OFFLINE"] = "1"

# Kernels are run by Triton's interpreter where there is no GPU, which it asks for when they are
# imported.
if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"

# What a shell starts in its background ignores Ctrl-C, and so does what that starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).parents[1]


def pytest_collection_modifyitems(items):
    """Put the files that run the workflow first: each takes minutes, and none may be the last.

    With --no-loadscope-reorder, since pytest-xdist would start with the files of the most tests.
    """
    items.sort(key=lambda item: item.path.parent != REPOSITORY / "tests")


def pytest_collection_finish():
    """Leave a million objects of the collected tests out of every garbage collection."""
    gc.freeze()


@pytest.fixture(scope="session")
def digits():
    """Scikit-learn's digits, 40 train and 40 test examples of 16 x 16 pixels."""
    from created_equal.datasets import build_dataset

    return build_dataset(DIGITS, Path("unused"), download=False)


@pytest.fixture(scope="session")
def digits_file(digits, tmp_path_factory):
    """The dataset file of ``digits``."""
    from created_equal.artefacts import write_dataset

    path = tmp_path_factory.mktemp("digits") / "dataset.nc"
    write_dataset(digits, path, DIGITS)
    return path


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, as root, and without looking for anything in the network."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    require(chromium is not None, "no browser: apt-get install chromium")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


@pytest.fixture
def tiny():
    """A function that makes an ensemble of narrow networks, with changes to its recipe."""

    def make(name="st_vgg", width=0.125, variations=None, **recipe):
        defaults = Recipe(epochs=2, batch_size=20, learning_rate=0.1, activation="elu")
        return Ensemble(
            study="tests",
            name="tiny",
            architecture=Architecture(name, **{"width": width, **(variations or {})}),
            n_networks=4,
            recipe=replace(defaults, **recipe),
            dataset=DIGITS,
        )

    return make


@pytest.fixture
def command(monkeypatch, capfd):
    """A function that runs the command here; returns its exit code, output and error output."""
    from created_equal.cli import main

    def run(*arguments):
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["created-equal", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, *capfd.readouterr()

    return run


@pytest.fixture
def study_folder(tmp_path, monkeypatch):
    """A folder like the repository's, with its config and the study smoke, to run commands in."""
    (tmp_path / "config" / "studies").mkdir(parents=True)
    for name in ("config.yaml", "config/studies/smoke.yaml", "config/studies/digits.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
