"""YAML files checked against pydantic models, with a sentence for every problem.

A sentence begins with the dotted place of its problem, for example ensembles.a.recipe.epochs.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import chain, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from created_equal.errors import InputError, because

# The largest number of valid names that a sentence lists: alone, and after the most similar one.
NAMES_LISTED = 20
NAMES_AFTER_NEAREST = 8
# A similarity by difflib: devise means device (0.83), but gpu does not mean cpu (0.67).
SIMILAR = 0.75
LONGEST_NAME = 100  # Names of files have more, and at most 255.
DEEPEST = 6
# Python fails at some hundreds.
MOST_NESTED = 50
# Problems of a mapping's keys, which leave its other values usable.
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
ABOUT_KEYS = ("missing", "string_pattern_mismatch", "too_short")
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "keys with values",
    "string": "text",
}
ENTRIES = {"integer": "whole numbers", "number": "numbers", "string": "names"}
BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


class _Loader(yaml.CSafeLoader):
    """YAML as people mean it: 1e-3 is a number, keys are text, and duplicate keys are errors."""

    def flatten_mapping(self, node: yaml.Node) -> None:
        if not isinstance(node, yaml.MappingNode):  # Its tag says that it is one.
            raise _error("there must be keys with values", node)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error("a key must be text", key)
            if key.value in seen:
                raise _error(f"the key {key.value} occurs twice", key)
            seen.add(key.value)
        super().flatten_mapping(node)
        # Its own keys replace merged ones here, since a mapping may be flattened more than once.
        node.value = list({key.value: (key, value) for key, value in node.value}.values())

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, ValueError) as error:
            # A tag (!!int x), or a number with thousands of digits.
            tag = node.tag.rpartition(":")[2]
            raise _error(f"{str(node.value)[:20]} cannot be read as {tag}", node) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep) for key, value in node.value}


def _error(problem: str, node: yaml.Node | yaml.Event) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


# In YAML 1.1, 010 is 8, 1:30 is 90, and 1e-3 is text, which few people expect. Here numbers are
# decimal, with or without an exponent; 010 and 1:30 are text, and so are dates.
_TAG = "tag:yaml.org,2002:"
_DECIMAL = {
    "int": r"[-+]?(0|[1-9][\d_]*)",
    "float": r"[-+]?((\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+|\d[\d_]*\.\d*|\.\d+)",
}
_Loader.yaml_implicit_resolvers = {
    first: [each for each in known if each[0] not in {_TAG + n for n in (*_DECIMAL, "timestamp")}]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, _pattern in _DECIMAL.items():
    _Loader.add_implicit_resolver(
        _TAG + _name, re.compile(f"^{_pattern}$", re.IGNORECASE), list("-+.0123456789")
    )


def parse_yaml(text: str) -> Any:
    """Return the contents of YAML text; raises ``yaml.YAMLError``."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTED:
            raise _error(f"brackets or indentation are more than {MOST_NESTED} levels deep", event)
    return yaml.load(text, Loader=_Loader)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read_yaml(path: Path, text_of: Callable[[Path], str] = _text_of) -> Any:
    """Return the contents of a YAML file; raises InputError with the line if it is invalid."""
    try:
        return parse_yaml(text_of(path))
    except OSError as error:
        otherwise = "check that it exists and is readable"
        raise InputError(f"{path} cannot be read {because(error, otherwise)}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # That a key has no colon is noticed only on the next line.
        if getattr(error, "context", None) == "while scanning a simple key":
            mark = error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "there are characters that YAML does not allow"
        raise InputError(
            f"{path}{line}: {problem}; correct it (in YAML, indentation by spaces, colons "
            "with a space after them, commas and brackets matter; text with a colon needs quotes)."
        ) from error


def check(document: Any, model: type) -> tuple[list[str], Any]:
    """Compare a document with a model of its keys.

    Returns:
        a sentence for every problem, and a copy of the document without the invalid values, which
        can be searched for contradictions.
    """
    usable = deepcopy(document)
    sentences = []
    adapter = TypeAdapter(model)
    try:
        adapter.validate_python(document)
    except ValidationError as error:
        schema = _inlined(adapter.json_schema(), {})
        for each in error.errors(include_url=False, include_context=False):
            path, parts = _locate(each["loc"], schema)
            sentences.append(_sentence(each, path, parts))
            if each["type"] in UNKNOWN:
                usable = _without(usable, [*path, each["loc"][-1]])
            elif each["type"] not in ABOUT_KEYS or isinstance(each["input"], list):
                usable = _without(usable, path, parts[-1])
    return list(dict.fromkeys(sentences)), usable


def refuse(where: str | Path, sentences: Sequence[str]) -> None:
    """Raise InputError with all sentences about a file, if there are any.

    Args:
        where: a description of the file; if it is its path, each sentence gets its line number.
        sentences: each begins with its place.
    """
    lines = {}
    if isinstance(where, Path) and sentences:
        lines = dict(_places(yaml.compose(where.read_text(encoding="utf-8"), _Loader)))
    found = [(_line_of(sentence, lines), sentence) for sentence in sentences]
    if len(found) == 1:
        ((line, sentence),) = found
        raise InputError(f"{where}{f', line {line}' if line else ''}: {sentence}")
    if found:
        found.sort(key=itemgetter(0))
        shown = [f"{f'line {line}: ' if line else ''}{sentence}" for line, sentence in found]
        raise InputError("\n  ".join([f"{where} has {len(found)} problems:", *shown]))


def _places(node: yaml.Node | None, *path: str) -> Iterator[tuple[str, int]]:
    """Yield the place and the line number of every key and list item."""
    # No valid key is deeper, but an alias can refer to the mapping that contains it.
    if isinstance(node, yaml.MappingNode) and len(path) < DEEPEST:
        for key, value in node.value:
            yield _dotted([*path, key.value]), key.start_mark.line + 1
            yield from _places(value, *path, key.value)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield _dotted([*path, index]), item.start_mark.line + 1


def _line_of(sentence: str, lines: Mapping[str, int]) -> int:
    """Return the line of the longest place that a sentence begins with, or 0."""
    places = [each for each in lines if re.match(rf"{re.escape(each)}(?!\w)", sentence)]
    return lines[max(places, key=len)] if places else 0


def suggestion(name: str, known: Sequence[str], if_many: str = "") -> str:
    """Return the remedy for an unknown name: the most similar valid name, or all of them.

    If there is no similar one, ``if_many`` stands for a list of more than ``NAMES_LISTED``.
    """
    if not known:
        return "leave it out."
    near = [each for each in known if _without_zeros(each) == _without_zeros(str(name).lower())]
    near = near or difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=SIMILAR)
    if near and not str(name).isascii():
        return f"did you mean {near[0]}, in plain letters? You wrote {name!a}."
    if near:
        others = f" (of {', '.join(known)})" if len(known) <= NAMES_AFTER_NEAREST else ""
        return f"did you mean {near[0]}{others}?"
    if if_many and len(known) > NAMES_LISTED:
        return if_many
    return f"use {'one of ' if len(known) > 1 else ''}{', '.join(known)}."


def _without_zeros(name: str) -> str:
    """Return figure_1 for figure_01, because people type either."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def allowed(schema: Mapping) -> str:
    """Return a description of the values that a part of a JSON schema allows."""
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(dict.fromkeys(allowed(each) for each in _alternatives(schema)))
    if names := _names(schema):
        if len(names) > NAMES_LISTED:
            return f"one of the {len(names)} names at the end of config/README.md"
        return f"one of {', '.join(names)}" if len(names) > 1 else names[0]
    kind = schema.get("type", "object")
    if kind in ("integer", "number"):
        bounds = [f"{word} {schema[key]:g}" for key, word in BOUNDS.items() if key in schema]
        return " ".join([TYPES[kind], " and ".join(bounds)]).strip()
    if kind == "array":
        least = schema.get("minItems")
        number = f"{least} " if least and least == schema.get("maxItems") else ""
        return f"a list of {number}{ENTRIES[schema['items']['type']]}"
    return TYPES[kind]


def _alternatives(schema: Mapping) -> list[Mapping]:
    parts = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    return [inner for each in parts for inner in _alternatives(each)] or [schema]


def _names(schema: Mapping) -> list[str]:
    """Return the names that a part of a schema allows, if it allows only names and null."""
    parts = [each for each in _alternatives(schema) if each.get("type") != "null"]
    return [name for each in parts for name in each.get("enum", [each.get("const")]) if name]


def _inlined(part: Any, models: Mapping) -> Any:
    """Return a JSON schema in which the models replace the references to them."""
    if isinstance(part, list):
        return [_inlined(each, models) for each in part]
    if not isinstance(part, dict):
        return part
    models = part.get("$defs", models)
    if "$ref" in part:
        return _inlined(models[part["$ref"].rpartition("/")[2]], models)
    return {key: _inlined(value, models) for key, value in part.items() if key != "$defs"}


def _locate(
    location: Sequence[str | int], schema: Mapping
) -> tuple[list[str | int], list[Mapping]]:
    """Return the path in the document for pydantic's location, and the schema's parts along it.

    The parts begin with all of the schema, and end with the one at the end of the path. A location
    may have steps that are not in the document, for example the type that was tried.
    """
    path, parts = [], [schema]
    for step in location:
        inner = _step(parts[-1], step)
        if inner is not None:
            path.append(step)
            parts.append(inner)
    return path, parts


def _properties(part: Mapping) -> dict[str, Mapping]:
    """Return the keys that a part of a schema allows, with their parts."""
    found = (each.get("properties", {}).items() for each in _alternatives(part))
    return dict(chain.from_iterable(found))


def _where_known(
    key: str, path: Sequence[str | int], parts: Sequence[Mapping]
) -> Sequence[str | int] | None:
    """Return the path at which a misplaced key is known: inside of where it is, or around it."""
    inside = [
        [*path, name] for name, each in _properties(parts[-1]).items() if key in _properties(each)
    ]
    around = [path[:n] for n in reversed(range(len(path))) if key in _properties(parts[n])]
    return inside[0] if len(inside) == 1 else next(iter(around), None)


def _step(part: Mapping, step: str | int) -> Mapping | None:
    for each in _alternatives(part):
        if isinstance(step, int) and "items" in each:
            return each["items"]
        if step in each.get("properties", {}):
            return each["properties"][step]
        if "patternProperties" in each:
            (named,) = each["patternProperties"].values()
            return named
    return None


def _sentence(error: ErrorDetails, path: Sequence[str | int], parts: Sequence[Mapping]) -> str:
    place, part, value = _dotted(path), parts[-1], error["input"]
    match error["type"]:
        case unknown if unknown in UNKNOWN:
            key = error["loc"][-1]
            known = list(_properties(part))
            remedy = suggestion(key, known)
            if (home := _where_known(key, path, parts)) is not None:
                remedy = f"move it to {_dotted(home) or 'the top level'}."
            if "ensembles" in known and isinstance(value, dict) and "architecture" in value:
                remedy = "indent it under ensembles."
            return f"{_dotted([*path, key])} is not known; {remedy}"
        case "missing":
            return f"{place} is missing; add it."
        case "literal_error" if isinstance(value, str):
            where = "all names are at the end of config/README.md."
            remedy = suggestion(value, _names(part), where)
            return f"{place} is {value!r}, which is not known; {remedy}"
        case "too_short" if isinstance(value, dict):
            return f"{place} is empty; define at least one."
        case "not_rising":
            distinct = sorted(set(value))
            enough = len(distinct) >= part.get("minItems", 1)
            remedy = distinct if enough else f"{len(value)} different ones"
            return f"{place} must rise from one number to the next, but is {value}; write {remedy}."
        case "string_pattern_mismatch":
            valid = re.sub("[^a-z0-9]+", "_", value.lower())[:LONGEST_NAME].strip("_")
            most = f" (at most {LONGEST_NAME})" if len(value) > LONGEST_NAME else ""
            return (
                f"{place}: {value!a} cannot be a name; use only lower-case letters, digits and "
                f"underscores{most}{f', for example {valid}' if valid else ''}."
            )
        case _:
            return (
                f"{place or 'the file'} must be {allowed(part)}, but is {_shown(value)}"
                f"{_quotes_remedy(value, part)}."
            )


def _shown(value: Any) -> str:
    match value:
        case float() if not math.isfinite(value):
            return f"{value}, which is not finite"
        case None | "" | [] | {}:
            return "empty"
        case bool():
            return str(value).lower()
        case str():
            return f"the text {value!r}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"the keys {', '.join(value)}"
        case _:
            return str(value)


def _quotes_remedy(value: Any, schema: Mapping) -> str:
    if schema.get("type") == "string" and isinstance(value, int | float) and not _names(schema):
        return "; put it in quotes"
    kinds = {each.get("type") for each in _alternatives(schema)}
    if isinstance(value, str) and re.fullmatch(r"[-+]?0[\d_]+", value) and "integer" in kinds:
        return "; write it without the leading zero"
    if isinstance(value, str) and {"boolean", "integer", "number"} & kinds:
        with suppress(yaml.YAMLError):
            if isinstance(parse_yaml(value), int | float):
                return "; write it without quotes"
    return ""


def _dotted(path: Sequence[str | int]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(steps).removeprefix(".")


def _without(document: Any, path: Sequence[str | int], schema: Mapping | None = None) -> Any:
    """Return the document without an invalid value, or without the list that contains it.

    If its schema allows a mapping, an empty one replaces it, so that its name stays known.
    """
    if not path:
        return {}
    *outer, key = takewhile(lambda step: isinstance(step, str), path)
    holder = document
    for each in outer:
        holder = holder.get(each, {})
    if schema and any(each.get("type", "object") == "object" for each in _alternatives(schema)):
        holder[key] = {}
    else:
        holder.pop(key, None)
    return document
