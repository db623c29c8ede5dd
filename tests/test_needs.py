"""No test is left out in CI, and none silently anywhere."""

import ast
from pathlib import Path

import pytest
from needs import require

TESTS = Path(__file__).parent
SKIPS = {"skip", "skipif", "skipTest", "SkipTest", "importorskip", "xfail"}


def test_what_is_there_lets_a_test_go_on(monkeypatch):
    for variables in ({"CI": "true"}, {}):
        monkeypatch.delenv("CI", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        require(True, "never said")


def test_what_is_missing_skips_a_test_and_fails_it_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^no moon$"):
        require(False, "no moon")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"^no moon$"):
        require(False, "no moon")


def test_no_test_is_left_out_in_another_way():
    found = {}
    for path in TESTS.rglob("*.py"):
        if path.name not in ("needs.py", "test_needs.py"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            named |= {node.name for node in nodes if isinstance(node, ast.alias)}
            if named & SKIPS:
                found[str(path.relative_to(TESTS))] = named & SKIPS
    assert not found
