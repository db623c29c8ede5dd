import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from created_equal.errors import InputError
from created_equal.study.yaml_files import (
    check,
    load_schema,
    parse_yaml,
    read_yaml,
    refuse,
    suggestion,
)


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_numbers_are_numbers_however_their_exponent_is_written(number):
    assert parse_yaml(f"{number:e}") == float(f"{number:e}")
    assert parse_yaml(repr(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [("5e-3", 0.005), ("1E4", 10000.0), (".5e1", 5.0), ("-2.e+1", -20.0), ("7", 7), ("e5", "e5")],
)
def test_numbers_by_hand(text, value):
    assert parse_yaml(text) == value
    assert type(parse_yaml(text)) is type(value)


def test_keys_are_text_even_if_they_look_like_numbers_or_truth():
    assert parse_yaml("{1: a, no: b, 2019-01-01: c}") == {"1": "a", "no": "b", "2019-01-01": "c"}


def test_a_key_may_stand_in_what_is_merged_and_again_beside_it():
    merged = parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}")
    assert merged["b"] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"recipe:\n  epochs: 3\n  epochs: 4\n", ", line 3: the key epochs stands there twice;"),
        (b"title: a\nrecipe: {epochs: 3\nb: c", ", line 3: expected ',' or '}'"),
        (b"a: .inf", ", line 1: .inf is not a finite number;"),
        (b"a: 1e999", ", line 1: 1e999 is not a finite number;"),
        (b"[1]: 2", ", line 1: a key must be text;"),
        (b"a: \x01", ": there are characters that YAML does not allow;"),
        (b"a: \xff", " is not UTF-8 text; save it as UTF-8."),
        (b"a: !!python/object:os.system {}", ", line 1: could not determine a constructor"),
    ],
)
def test_a_file_that_is_not_good_yaml_is_refused_with_its_line(tmp_path, content, said):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_yaml(path)
    assert str(refusal.value).startswith(f"{path}{said}")
    assert "\n" not in str(refusal.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\); check that"):
        read_yaml(tmp_path)


@pytest.mark.parametrize("name", ["config", "study"])
def test_the_schemas_are_valid_and_strict_and_describe_every_key(name):
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)

    def walk(part):
        if isinstance(part, dict):
            if "properties" in part:
                assert part["additionalProperties"] is False
                for key, entry in part["properties"].items():
                    target = (
                        schema["$defs"][entry["$ref"].split("/")[-1]] if "$ref" in entry else {}
                    )
                    assert (target | entry)["description"].endswith("."), key
            for inner in part.values():
                walk(inner)

    walk(schema)


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["a"],
    "properties": {
        "a": {"type": "integer", "minimum": 1},
        "b": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}},
        "c": {"type": "object", "properties": {}, "additionalProperties": False},
        "d": {"enum": ["red", "green"]},
    },
}


@pytest.mark.parametrize(
    ("document", "sentences", "usable"),
    [
        ({"a": 1}, [], {"a": 1}),
        ({}, ["a is missing; add it."], {}),
        ({"a": 0}, ["a must be a whole number of at least 1, but is 0."], {}),
        ({"a": True}, ["a must be a whole number of at least 1, but is true."], {}),
        ({"a": 1.0}, ["a must be a whole number of at least 1, but is 1.0."], {}),
        (
            {"a": "7"},
            [
                "a must be a whole number of at least 1, but is the text '7'; "
                "write it without quotes."
            ],
            {},
        ),
        (
            {"a": 1, "b": [1]},
            ["b must be a list of 2 whole numbers, but is a list of 1."],
            {"a": 1},
        ),
        (
            {"a": 1, "b": [1, None]},
            ["b[1] must be a whole number, but is empty."],
            {"a": 1},
        ),
        ({"a": 1, "c": None}, ["c must be keys with values, but is empty."], {"a": 1, "c": {}}),
        (
            {"a": 1, "d": "gren"},
            ["d is 'gren', which is not known; did you mean green (of red, green)?"],
            {"a": 1},
        ),
        ({"a": 1, "d": 3}, ["d must be one of red, green, but is 3."], {"a": 1}),
        ([], ["the file must be keys with values, but is empty."], {}),
    ],
)
def test_every_problem_is_a_sentence_and_what_is_wrong_is_taken_out(document, sentences, usable):
    assert check(document, SCHEMA) == (sentences, usable)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "c", "d", "recipe", "ensembles", "figures"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(values)
def test_any_document_gets_sentences_and_what_is_left_gets_none_but_of_absence(document):
    sentences, usable = check(document, SCHEMA)
    again, _ = check(usable, SCHEMA)
    assert {each for each in again if "missing" not in each} <= set(sentences)
    assert all(each.endswith((".", "?")) and "\n" not in each for each in sentences)


def test_one_problem_stands_beside_the_file_and_several_below_it():
    refuse("a.yaml", [])
    with pytest.raises(InputError) as one:
        refuse("a.yaml", ["x is missing; add it."])
    assert str(one.value) == "a.yaml: x is missing; add it."
    with pytest.raises(InputError) as two:
        refuse("a.yaml", ["x is missing; add it.", "y is missing; add it."])
    assert str(two.value).splitlines() == [
        "a.yaml has 2 problems:",
        "  x is missing; add it.",
        "  y is missing; add it.",
    ]


def test_suggestions():
    assert suggestion("epoch", ["epochs"] * 9) == "did you mean epochs?"
    assert suggestion("St-VGG", ["st_vgg", "mnist"]) == "did you mean st_vgg (of st_vgg, mnist)?"
    assert suggestion("gpu", ["auto", "cpu", "cuda"]) == "use one of auto, cpu, cuda."
    assert suggestion("zzz", []) == "leave it out."
    assert suggestion("zzz", ["a", "b"]) == "use one of a, b."
    assert "config/README.md" in suggestion("zzz", [f"a{i}" for i in range(21)])


@pytest.mark.parametrize(
    ("slip", "meant"), [("figure_1", "figure_01"), ("figure_001", "figure_01")]
)
def test_a_number_without_its_zeros_is_understood(slip, meant):
    assert suggestion(slip, ["figure_01", "figure_10", "figure_11"]).startswith(
        f"did you mean {meant}"
    )
