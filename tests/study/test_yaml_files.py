from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt

from created_equal.errors import InputError
from created_equal.study.keys import STRICT
from created_equal.study.yaml_files import check, parse_yaml, read_yaml, refuse, suggestion

TwoNumbers = Annotated[list[StrictInt], Field(min_length=2, max_length=2)]


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_exponents_may_be_written_in_any_way(number):
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


def test_a_key_overrides_a_merged_one():
    merged = parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}")
    assert merged["b"] == {"x": 3, "y": 2}


def test_a_mapping_that_overrides_merged_keys_may_be_merged_itself():
    nested = parse_yaml("a: {x: {r: &r {<<: &b {e: 1, f: 2}, e: 5}}}\nz: {<<: *r}")
    assert nested == {"a": {"x": {"r": {"e": 5, "f": 2}}}, "z": {"e": 5, "f": 2}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"recipe:\n  epochs: 3\n  epochs: 4\n", ", line 3: the key epochs occurs twice;"),
        (b"title: a\nrecipe: {epochs: 3\nb: c", ", line 3: did not find expected ',' or '}'"),
        (b"a: 1\nb:2\nc: 3", ", line 2: could not find expected ':'; correct it (in YAML, inden"),
        (b"a: 1\nb 2\n\n\nc: 3", ", line 2: could not find expected ':';"),
        (b"title: My images: MNIST", ", line 1: mapping values are not allowed in this context;"),
        (b"[1]: 2", ", line 1: a key must be text;"),
        (b"a: \x01", ": there are characters that YAML does not allow;"),
        (b"a: \xff", " is not UTF-8 text; save it as UTF-8."),
        (b"a: !!python/object:os.system {}", ", line 1: could not determine a constructor"),
        (b"a: 1\nb: !!int x", ", line 2: x cannot be read as int;"),
        (b"a: !!bool x", ", line 1: x cannot be read as bool;"),
        (b"a: !!timestamp x", ", line 1: x cannot be read as timestamp;"),
        (b"a: !!map x", ", line 1: there must be keys with values;"),
        (b"a: 1\nb: !!set [x]", ", line 2: there must be keys with values;"),
        (b"a: !!seq x", ", line 1: expected a sequence node, but found scalar;"),
        (b"a: " + b"{a: " * 1500 + b"1" + b"}" * 1500, ", line 1: brackets or indentation are"),
        (b"- " * 200_000, ", line 1: brackets or indentation are more than 50 levels deep;"),
        (b"a: " + b"9" * 5000, ", line 1: 99999999999999999999 cannot be read as int;"),
    ],
)
def test_invalid_yaml_is_reported_with_its_line(tmp_path, content, message):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_yaml(path)
    assert str(refusal.value).startswith(f"{path}{message}")
    if message.endswith(";"):
        assert "text with a colon needs quotes" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"\(Is a directory\); a folder has this path"):
        read_yaml(tmp_path)


class Inner(BaseModel):
    model_config = STRICT


class Outer(BaseModel):
    model_config = STRICT
    a: StrictInt = Field(ge=1)
    b: TwoNumbers = []
    c: Inner = Inner()
    d: Literal["red", "green"] = "red"
    e: StrictBool | StrictFloat | None = None


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
        ({"a": 1, "b": [1, None]}, ["b[1] must be a whole number, but is empty."], {"a": 1}),
        ({"a": 1, "c": None}, ["c must be keys with values, but is empty."], {"a": 1, "c": {}}),
        (
            {"a": 1, "d": "gren"},
            ["d is 'gren', which is not known; did you mean green (of red, green)?"],
            {"a": 1},
        ),
        ({"a": 1, "d": 3}, ["d must be one of red, green, but is 3."], {"a": 1}),
        ({"a": 1, "f": 2}, ["f is not known; use one of a, b, c, d, e."], {"a": 1}),
        ({"a": 1, "f": [2]}, ["f is not known; use one of a, b, c, d, e."], {"a": 1}),
        (
            {"a": 1, "e": parse_yaml("1e999")},
            ["e must be true or false or a number or null, but is inf, which is not finite."],
            {"a": 1},
        ),
        (
            {"a": 1, "e": parse_yaml(".inf")},
            ["e must be true or false or a number or null, but is the text '.inf'."],
            {"a": 1},
        ),
        ({"a": 1, "e": 2.0}, [], {"a": 1, "e": 2.0}),
        (
            {"a": 1, "e": "yes"},
            [
                "e must be true or false or a number or null, but is the text 'yes'; write it "
                "without quotes."
            ],
            {"a": 1},
        ),
        ([], ["the file must be keys with values, but is empty."], {}),
    ],
)
def test_every_problem_is_a_sentence_and_invalid_values_are_removed(document, sentences, usable):
    assert check(document, Outer) == (sentences, usable)


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


@given(values)
def test_the_usable_part_of_any_document_has_no_new_problems(document):
    sentences, usable = check(document, Outer)
    again, _ = check(usable, Outer)
    assert {each for each in again if "missing" not in each} <= set(sentences)
    assert all(each.endswith((".", "?")) and "\n" not in each for each in sentences)


def test_one_problem_follows_the_file_and_several_are_listed_below_it():
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


def test_a_problem_is_shown_with_its_line_in_a_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("x: &x {y: 1}\n\nx_2:\n  <<: *x\n  z: [1,\n    2]\n'my key': 3\n")
    for sentence, line in {
        "x is wrong.": 1,
        "x.y must be text.": 1,
        "x_2 is wrong.": 3,
        "x_2.y is wrong.": 3,
        "x_2.w is missing; add it.": 3,
        "x_2.z: is wrong.": 5,
        "x_2.z[1] is wrong.": 6,
        "my key is not known.": 7,
    }.items():
        with pytest.raises(InputError) as refusal:
            refuse(path, [sentence])
        assert str(refusal.value) == f"{path}, line {line}: {sentence}"
    with pytest.raises(InputError) as refusal:
        refuse(path, ["x_2 is wrong.", "x_3 is missing; add it.", "x is wrong."])
    assert str(refusal.value).splitlines() == [
        f"{path} has 3 problems:",
        "  x_3 is missing; add it.",
        "  line 1: x is wrong.",
        "  line 3: x_2 is wrong.",
    ]


def test_a_mapping_may_contain_itself(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("x: &x\n  y: *x\n")
    with pytest.raises(InputError, match=r"line 2: x\.y is wrong"):
        refuse(path, ["x.y is wrong."])


def test_suggestions():
    assert suggestion("epoch", ["epochs"] * 9) == "did you mean epochs?"
    assert suggestion("St-VGG", ["st_vgg", "mnist"]) == "did you mean st_vgg (of st_vgg, mnist)?"
    assert suggestion("gpu", ["auto", "cpu", "cuda"]) == "use one of auto, cpu, cuda."
    assert suggestion("zzz", []) == "leave it out."
    assert suggestion("zzz", ["a", "b"]) == "use one of a, b."
    many = [f"a{i}" for i in range(21)]
    assert suggestion("zzz", many, "see the page.") == "see the page."
    assert suggestion("zzz", many) == f"use one of {', '.join(many)}."


@pytest.mark.parametrize(
    ("slip", "meant"), [("figure_1", "figure_01"), ("figure_001", "figure_01")]
)
def test_a_number_without_its_zeros_is_understood(slip, meant):
    assert suggestion(slip, ["figure_01", "figure_10", "figure_11"]).startswith(
        f"did you mean {meant}"
    )


def test_numbers_are_decimal_and_dates_are_text():
    """In YAML 1.1, 010 is 8, 1:30 is 90, 0x10 is 16 and 2020-10-10 a date."""
    text = "[010, 1:30, 0x10, 2020-10-10, .nan, 1_000, 0, -3, 1e-3, 0.5, .5, 1., 1.5e3, 1E3]"
    assert parse_yaml(text) == [
        *("010", "1:30", "0x10", "2020-10-10", ".nan"),
        *(1000, 0, -3, 0.001, 0.5, 0.5, 1.0, 1500.0, 1000.0),
    ]


def test_a_name_of_letters_that_look_alike_is_spelt_out():
    said = suggestion("st_v\u0433g", ["st_vgg", "resnet18"])
    assert said == "did you mean st_vgg, in plain letters? You wrote 'st_v\\u0433g'."
