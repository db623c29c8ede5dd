"""Datasets and small studies in tests, and the real data in the environment variable DATA_ROOT."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from needs import require

NEEDED = (
    "cifar-100-python/train",
    "cifar-100-python/test",
    "cifar-100-python/meta",
    "MNIST/raw/train-images-idx3-ubyte.gz",
    "MNIST/raw/train-labels-idx1-ubyte.gz",
    "MNIST/raw/t10k-images-idx3-ubyte.gz",
    "MNIST/raw/t10k-labels-idx1-ubyte.gz",
    "tiny-imagenet-200/train",
    "tiny-imagenet-200/val/val_annotations.txt",
)

DIGITS = {"source": "digits", "size": 16, "train_examples": 40, "test_examples": 40}
CLUTTER = {
    "digit_size": [12, 16],
    "contrast": [0.5, 1.0],
    "fragments": 1,
    "fragment_size": 4,
    "fragment_contrast": [0.3, 1.0],
    "noise": [0.0, 0.2],
}
NARROW = {"architecture": "st_vgg", "width": 0.125}


def small_study(**changes: object) -> dict:
    """Return a study of four networks that are trained in a second, with changes to its keys."""
    return {
        "title": "Small",
        "dataset": dict(DIGITS),
        "networks": 4,
        "recipe": {"epochs": 2, "batch_size": 20, "learning_rate": 0.1},
        "ensembles": {"st_vgg": dict(NARROW)},
    } | changes


def write_study(study: dict | str, name: str = "small", folder: Path = Path()) -> Path:
    """Write a study, given as its keys or as YAML, into config/studies; return its path."""
    path = folder / "config" / "studies" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = study if isinstance(study, str) else yaml.safe_dump(study, sort_keys=False)
    path.write_text(text)
    return path


def overwrite(path: Path, content: bytes) -> None:
    """Write other bytes into a result, which is read-only, and may have a second name."""
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(content)


@contextmanager
def edited(path: Path, change: Callable[[str], str]) -> Iterator[None]:
    """Change the text of a file within the block."""
    before = path.read_text()
    after = change(before)
    assert after != before
    path.write_text(after)
    try:
        yield
    finally:
        path.write_text(before)


def with_an_edit(study: str) -> Callable[[str], str]:
    """Return a change of cli.py: whoever builds a dataset edits the study's learning rate."""
    path, reads = f"Path('config/studies/{study}.yaml')", "config, definition = load_config(), "
    edit = f"{path}.write_text({path}.read_text().replace('rate: 0.1', 'rate: 0.2'))"
    return lambda text: text.replace(reads, f"{edit}\n    {reads}")


def find_data_root() -> Path | str:
    """Return the folder with all real data, or what is wrong with it."""
    given = os.environ.get("DATA_ROOT")
    if not given:
        return "no real data: set DATA_ROOT to a folder with CIFAR-100, MNIST and Tiny ImageNet"
    absent = [name for name in NEEDED if not (Path(given) / name).exists()]
    if absent:
        return f"no real data: DATA_ROOT is {given}, where {absent[0]} is missing"
    return Path(given)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Give the folder with the real data, which a test needs that asks for it."""
    found = find_data_root()
    require(isinstance(found, Path), str(found))
    return found
