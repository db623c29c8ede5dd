from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "studies").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def repository(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
