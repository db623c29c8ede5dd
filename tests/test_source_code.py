import ast
import io
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.source_code import BASELINES, NETWORKS, PIXELS, bare, source_digest

PACKAGE = Path(__file__).parents[1] / "src" / "created_equal"
MODULES = sorted(PACKAGE.rglob("*.py"))

SOURCE = '''\
"""Of a module."""

import math  # for pi


class Circle:
    r"""Of a class, with a # that is none."""

    # Its unit.
    unit = "m # no comment"  \x20

    def area(self, radius):
        """Öf a function: ø."""; square = radius**2
        text = f"""{radius}

        # no comment  \x20
        {f"{square:#x}"} {'inner'}"""
        """No docstring."""
        return (
            "one"  # of two

            "two", text, math.pi * square
        )

    def nothing(self):
        "Is all "  "there is."
'''

BARE = '''\
import math
class Circle:
    unit = "m # no comment"
    def area(self, radius):
        ; square = radius**2
        text = f"""{radius}

        # no comment  \x20
        {f"{square:#x}"} {'inner'}"""
        """No docstring."""
        return (
            "one"
            "two", text, math.pi * square
        )
    def nothing(self):
'''


def without_docstrings(text):
    """Return the syntax tree of a module in which no docstring is."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node) is not None :] or [ast.Pass()]
    return ast.dump(tree)


def test_comments_docstrings_blank_lines_and_trailing_blanks_are_left_out():
    # Said letter by letter, so that every version of Python that runs this gives the same.
    assert bare(SOURCE.encode()).decode() == BARE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_left_of_a_module_is_its_code(path):
    source = path.read_text(encoding="utf-8")
    left = bare(source.encode()).decode()
    assert len(left) < len(source) or not source
    kinds = {token.type for token in tokenize.generate_tokens(io.StringIO(left).readline)}
    assert tokenize.COMMENT not in kinds
    assert "\n\n" not in left or '"""' in left
    # Where nothing but a docstring was, the code without it is none.
    whole = without_docstrings(source)
    if "body=[Pass()]" not in whole:
        assert ast.dump(ast.parse(left)) == whole


LINES = SOURCE.splitlines()
# Behind these lines there may be a line of its own.
BETWEEN = [place for place in range(len(LINES)) if place not in (14, 15, 16)]


@given(
    st.sampled_from(BETWEEN),
    st.sampled_from(["", "   ", "# A comment.", '    # \'and """ another', "\f", "\t# Ö"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_line_without_code_changes_nothing(place, line, end):
    edited = end.join([*LINES[:place], line, *LINES[place:]])
    assert bare(edited.encode()).decode() == BARE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("radius**2", "radius**3"),
        ('"m # no comment"', '"m # a comment"'),
        ("# no comment   \n", "# no comment\n"),
        ('"""{radius}\n\n', '"""{radius}\n'),
        ("No docstring", "None"),
        ("    def nothing", "def nothing"),
    ],
)
def test_an_edit_of_code_changes_it(old, new):
    edited = SOURCE.replace(old, new)
    assert edited != SOURCE
    assert bare(edited.encode()) != bare(SOURCE.encode())


def test_other_docstrings_change_nothing():
    edited = SOURCE.replace("Of a", "Öf\n\n    # another").replace("there is", "there was")
    assert bare(edited.encode()).decode() == BARE


def test_a_blank_line_that_ends_a_statement_counts():
    assert bare(b"x = 1 \\\n\n+2\n") != bare(b"x = 1 \\\n+2\n")


def test_the_encoding_of_a_file_changes_nothing():
    text = "# coding: latin-1\nname = 'Ö'\n"
    assert bare(text.encode("latin-1")) == bare("name = 'Ö'".encode()) == "name = 'Ö'\n".encode()


@pytest.mark.parametrize(
    "octets", [b"def (:  # no code\n", b"x = 'open\n", b"\xff\xfe\n", b"x = '\0'\n", b"(\n"]
)
def test_what_cannot_be_parsed_is_left_as_it_is(octets):
    assert bare(octets) == octets


def test_the_digest_follows_the_packages_asked_for():
    assert source_digest("networks", "scores") == source_digest("scores", "networks")
    assert source_digest("networks") != source_digest("scores")
    assert source_digest("networks") != source_digest("networks", "scores")


def test_the_packages_that_results_follow_from_are_there():
    assert all(list((PACKAGE / each).glob("*.py")) for each in NETWORKS + PIXELS + BASELINES)
