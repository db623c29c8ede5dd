"""What stands for the code that a result follows from: other code has another digest."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

PACKAGE = Path(__file__).parent
# The packages that a network follows from; where images stay in files, that its pixels follow from,
# as part of the data's fingerprint; and that a baseline follows from.
NETWORKS = ("networks", "training/engine")
PIXELS = ("decoding",)
BASELINES = ("baselines",)
LINE_ENDS = re.compile(r"\r\n?")
# Not behind a backslash, after which a blank line ends a statement.
BLANKS = re.compile(r"(?<!\\)[ \t\f]*\n(?:[ \t\f]*\n)*")


@cache
def source_digest(*packages: str) -> str:
    """Return a digest of the code in packages of ``created_equal``, for example ``"training"``.

    It becomes part of what a file says it came from: a network trained by other code is another
    network, even if its definition reads the same. See ``bare`` for what does not count as code.
    """
    digest = blake2b(digest_size=8)
    for package in sorted(packages):
        for path in sorted((PACKAGE / package).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + bare(path.read_bytes()) + b"\0")
    return digest.hexdigest()


def bare(source: bytes) -> bytes:
    """Return a module's code in UTF-8, without comments, docstrings, blank lines, trailing blanks.

    All line ends are alike, whatever those of the source are. All versions of Python give the same:
    none of it is what a parser wrote. What cannot be parsed is returned as it is.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = LINE_ENDS.sub("\n", source.decode(encoding))
        spans = [*_docstrings(text), *_comments_and_strings(text)]
    except (SyntaxError, ValueError, tokenize.TokenError):
        return source
    code, between, position = [], "", 0
    # The longest first: a docstring may be of several strings.
    for start, end, kept in sorted(spans, key=lambda span: (span[0], -span[1])):
        # Those inside another are cut, or kept, with it.
        if start < position:
            continue
        between += text[position:start]
        if kept:
            code += [BLANKS.sub("\n", between), text[start:end]]
            between = ""
        position = end
    code.append(BLANKS.sub("\n", between + text[position:] + "\n"))
    return "".join(code).lstrip("\n").encode()


def _docstrings(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, False) of the docstrings in a text."""
    offset = _offsets(text)
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            string = node.body[0].value
            places = (
                (string.lineno, string.col_offset),
                (string.end_lineno, string.end_col_offset),
            )
            # ast counts the bytes of a line, tokenize its characters.
            start, end = (
                offset(row, len(lines[row - 1].encode()[:column].decode()))
                for row, column in places
            )
            yield start, end, False


def _comments_and_strings(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it is a string) of all comments and strings in a text."""
    offset = _offsets(text)
    opened = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        # From Python 3.12 on, an f-string is not one token but several, from its start to its end.
        if name.endswith("STRING_START"):
            opened.append(token.start)
        elif name.endswith("STRING_END"):
            yield offset(*opened.pop()), offset(*token.end), True
        elif name in ("STRING", "COMMENT"):
            yield offset(*token.start), offset(*token.end), name == "STRING"


def _offsets(text: str) -> Callable[[int, int], int]:
    """Return the function (row from 1, column) -> place in the text."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return lambda row, column: starts[row - 1] + column
