"""YAML files checked against a JSON schema, with a sentence for everything that is wrong."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from created_equal.errors import InputError

SCHEMAS = Path(__file__).parents[3] / "schemas"
NAMES_LISTED = 20
NAMES_BESIDE_NEAREST = 8
# Of difflib's likeness, from 0 to 1: device for devise (0.83), but not cpu for gpu (0.67).
ALIKE = 0.75
# What is wrong with the keys of a mapping, and not with the mapping.
ABOUT_KEYS = ("additionalProperties", "required", "anyOf", "minProperties", "pattern")
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

# JSON schema takes 20.0 for a whole number; here what is counted is written without a point.
Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: 1e-3 is a number, a key is text, and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands there twice", key.start_mark
                )
            seen.add(key.value)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep) for key, value in node.value}

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        number = super().construct_yaml_float(node)
        if not math.isfinite(number):
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is not a finite number", node.start_mark
            )
        return number


_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
# YAML 1.1 asks for a point and a sign in a number with an exponent, which few people know.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def parse_yaml(text: str) -> Any:
    """Return what YAML text says; raises ``yaml.YAMLError``."""
    return yaml.load(text, Loader=_Loader)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says.

    Raises:
        InputError: it cannot be read, or is not valid YAML; with the line.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); check that it is there and readable."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "there are characters that YAML does not allow"
        raise InputError(
            f"{path}{line}: {problem}; correct it (in YAML, indentation, colons, commas and "
            "brackets matter)."
        ) from error


@lru_cache
def load_schema(name: str) -> dict:
    """Return the schema of ``"config"`` or ``"study"``."""
    return read_yaml(SCHEMAS / f"{name}.schema.yaml")


def check(document: Any, schema: Mapping) -> tuple[list[str], Any]:
    """Compare a document with its schema.

    Returns:
        a sentence for every problem, and a copy of the document without the values that are wrong,
        for checks of how values go together.
    """
    usable = deepcopy(document)
    sentences = []
    for error in Validator(schema).iter_errors(document):
        sentences += _sentences(error)
        if error.validator not in ABOUT_KEYS:
            usable = _without(usable, error)
    return list(dict.fromkeys(sentences)), usable


def refuse(where: str | Path, sentences: Sequence[str]) -> None:
    """Raise ``InputError`` with all the sentences about a file, one a line, if there are any."""
    if len(sentences) == 1:
        raise InputError(f"{where}: {sentences[0]}")
    if sentences:
        raise InputError("\n  ".join([f"{where} has {len(sentences)} problems:", *sentences]))


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the end of a sentence about an unknown name: one that is much like it, or all."""
    if not known:
        return "leave it out."
    near = [each for each in known if _without_zeros(each) == _without_zeros(str(name).lower())]
    near = near or difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=ALIKE)
    if near:
        others = f" (of {', '.join(known)})" if len(known) <= NAMES_BESIDE_NEAREST else ""
        return f"did you mean {near[0]}{others}?"
    if len(known) > NAMES_LISTED:
        return "all names are at the end of config/README.md."
    return f"use one of {', '.join(known)}."


def _without_zeros(name: str) -> str:
    """Return a name with its numbers as people write them: figure_1 for figure_01."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def allowed(schema: Mapping) -> str:
    """Return in words what values a schema allows."""
    if "enum" in schema:
        names = ["null" if name is None else name for name in schema["enum"]]
        if len(names) > NAMES_LISTED:
            return f"one of the {len(names)} names at the end of config/README.md"
        return f"one of {', '.join(names)}"
    return " or ".join(_one_type(kind, schema) for kind in _types(schema))


def _one_type(kind: str, schema: Mapping) -> str:
    if kind in ("integer", "number"):
        bounds = [f"{word} {schema[key]}" for key, word in BOUNDS.items() if key in schema]
        return " ".join([TYPES[kind], " and ".join(bounds)]).strip()
    if kind == "array":
        exact = f"{schema['minItems']} " if schema["minItems"] == schema.get("maxItems") else ""
        return f"a list of {exact}{ENTRIES[schema['items']['type']]}"
    return TYPES[kind]


def _sentences(error: ValidationError) -> Iterator[str]:
    path = _dotted(error.absolute_path)
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for key in value:
                if key not in known:
                    yield f"{_below(path, key)} is not known; {suggestion(key, known)}"
        case "required":
            yield from (
                f"{_below(path, key)} is missing; add it." for key in rule if key not in value
            )
        case "anyOf":
            yield f"{path} needs one of {', '.join(each['required'][0] for each in rule)}; add it."
        case "enum" if isinstance(value, str):
            names = [name for name in rule if name is not None]
            yield f"{path} is {value!r}, which is not known; {suggestion(value, names)}"
        case "minProperties":
            yield f"{path} is empty; define at least one."
        case "pattern":
            yield (
                f"{path}: {value!r} cannot be a name; use only lower-case letters, digits and "
                f"underscores{_valid_name(value)}."
            )
        case _:
            yield (
                f"{path or 'the file'} must be {allowed(error.schema)}, but is {_shown(value)}"
                f"{_about_quotes(value, error.schema)}."
            )


def _valid_name(name: str) -> str:
    valid = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
    return f", for example {valid}" if valid else ""


def _shown(value: Any) -> str:
    match value:
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


def _about_quotes(value: Any, schema: Mapping) -> str:
    types = _types(schema)
    if types == ["string"] and isinstance(value, int | float):
        return "; put it in quotes"
    if isinstance(value, str) and {"boolean", "integer", "number"} & set(types):
        try:
            meant = parse_yaml(value)
        except yaml.YAMLError:
            return ""
        return "; write it without quotes" if isinstance(meant, int | float) else ""
    return ""


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        text = f"{text}[{step}]" if isinstance(step, int) else _below(text, step)
    return text


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _without(document: Any, error: ValidationError) -> Any:
    """Return the document without the wrong value, or the list that holds it.

    In place of what should be keys with values stands an empty mapping, so that its name is known.
    """
    keys = list(takewhile(lambda step: isinstance(step, str), error.absolute_path))
    if not keys:
        return {}
    holder = document
    for key in keys[:-1]:
        holder = holder.get(key, {})
    if "object" in _types(error.schema):
        holder[keys[-1]] = {}
    else:
        holder.pop(keys[-1], None)
    return document


def _types(schema: Mapping) -> list[str]:
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]
