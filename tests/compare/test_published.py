"""Published scores in the formats in which people publish them."""

import sys

import numpy as np
import pandas as pd
import pytest

from created_equal.compare.published import read_published
from created_equal.errors import InputError

SCORES = np.array([0.5, 0.25, 1.0])


@pytest.fixture
def csv(tmp_path):
    """A function that writes a table and returns its path."""

    def write(name="forgetting.csv", **columns):
        path = tmp_path / name
        pd.DataFrame(columns).to_csv(path, index=False)
        return path

    return write


def test_c_scores_are_read_with_the_labels(tmp_path):
    """As in cifar10-cscores-orig-order.npz; file names are pickled and stay unread."""
    path = tmp_path / "cscores.npz"
    names = np.array([b"a", b"bc", None], dtype=object)
    np.savez(path, labels=np.array([7, 1, 2]), scores=SCORES, filenames=names)
    found = read_published(path)
    assert (found.column, found.keys, found.labels.tolist()) == ("scores", None, [7, 1, 2])
    assert found.values.tolist() == SCORES.tolist()


def test_one_of_several_arrays_is_named(tmp_path):
    """As in the collection example_difficulty_scores: mean and var, or one array arr_0."""
    path = tmp_path / "el2n.npz"
    np.savez(path, mean=SCORES, var=SCORES / 2)
    with pytest.raises(InputError, match=r"several columns of numbers \(mean, var\); name the"):
        read_published(path)
    assert read_published(path, "var").values.tolist() == (SCORES / 2).tolist()
    np.savez(path, SCORES)
    assert read_published(path).column == "arr_0"


@pytest.mark.parametrize("name", ["forgetting.csv", "forgetting.csv.gz"])
def test_an_index_is_the_key(csv, name):
    path = csv(name, index=[12, 3, 7], forgetting_events=[0, 2, 5])
    found = read_published(path)
    assert (found.column, found.keys.tolist()) == ("forgetting_events", [12, 3, 7])
    assert found.values.tolist() == [0, 2, 5]


def test_an_index_with_a_gap_is_not_ignored(csv):
    """Rows would be matched by their order."""
    with pytest.raises(InputError, match=r"the column index of .* is not a key: .* it must have"):
        read_published(csv(index=["12", "NA", "7"], score=SCORES), "score")


def test_an_index_of_text_is_not_ignored_if_our_examples_have_no_names(csv):
    """The rows need not be in our order."""
    path = csv(id=["a.png", "NA", "c.png"], score=SCORES)
    with pytest.raises(
        InputError,
        match=r"the column id of .* our examples have no names, .* leave id out if",
    ):
        read_published(path)


@pytest.mark.parametrize("name", ["scores.csv", "scores.csv.gz", "scores.parquet", "scores.npz"])
@pytest.mark.parametrize("names", [["a.png", "NA", "c.png"], ["007", "08", "1"], [3, 2**60, 0]])
def test_keys_are_names_if_our_examples_have_some(tmp_path, name, names):
    table = pd.DataFrame({"id": names, "score": SCORES})
    if name.endswith("npz"):
        np.savez(tmp_path / name, id=np.array(names), score=SCORES)
    elif name.endswith("parquet"):
        table.to_parquet(tmp_path / name)
    else:
        table.to_csv(tmp_path / name, index=False)
    for key in (None, "id"):
        found = read_published(tmp_path / name, "score", key, [*map(str, names)])
        assert found.key == "id" and found.keys.tolist() == [*map(str, names)]


def test_names_are_found_next_to_positions(csv):
    path = csv(index=[0, 1, 2], guid=["a", "b", "c"], score=SCORES)
    assert read_published(path, "score", names=["a", "b", "c"]).keys.tolist() == ["a", "b", "c"]
    assert read_published(path, "score").keys.tolist() == [0, 1, 2]
    path = csv(position=[4, 1, 2], score=SCORES)
    assert read_published(path, names=["a", "b", "c"]).keys.tolist() == [4, 1, 2]


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
@pytest.mark.parametrize("column", ["name", "image_id", "Unnamed: 0"])
@pytest.mark.parametrize("names", [["b.png", "a.png", "z.png"], ["08", "007", "1"]])
def test_names_of_ours_are_found_in_a_column_of_any_name(tmp_path, kind, column, names):
    """Rows would be matched by their order."""
    path, columns = tmp_path / f"scores.{kind}", {column: names, "score": SCORES}
    if kind == "npz":
        np.savez(path, **columns)
    else:
        table = pd.DataFrame(columns | {"set": "train", "text": ["x", "y", "z"]})
        table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    found = read_published(path, "score", names=["007", "08", "a.png", "b.png", "c.png"])
    assert (found.key, found.key_kind, found.keys.tolist()) == (column, "name", names)
    assert read_published(path, "score", names=["p", "q"]).key == (
        column if column.startswith("U") else None
    )


@pytest.mark.parametrize("column", ["label", "Labels", "target", "gold", "y_true"])
def test_labels_are_read_as_numbers_or_names(csv, column):
    assert read_published(csv(**{column: [2, 0, 1], "score": SCORES})).labels.tolist() == [2, 0, 1]
    path = csv(**{column: ["owl", "cat", "cat"], "score": SCORES})
    assert read_published(path).labels.tolist() == [1, 0, 0]
    assert read_published(csv(**{column: ["owl", None, "cat"], "score": SCORES})).labels is None


def test_a_missing_name_is_refused(csv):
    path = csv(id=["a", None, "c"], score=SCORES)
    with pytest.raises(InputError, match=r"the column id of .* must have the name of an example"):
        read_published(path, names=["a", "b", "c"])


def test_blanks_around_the_names_of_columns_are_no_part_of_them(csv):
    assert read_published(csv(**{" index": [3, 1, 2], "score ": SCORES})).keys.tolist() == [3, 1, 2]


def test_parquet_is_read_with_a_key_of_any_name(tmp_path):
    path = tmp_path / "scores.parquet"
    pd.DataFrame({"where": [4, 2, 9], "name": list("abc"), "score": SCORES}).to_parquet(path)
    assert read_published(path, "score", "where").keys.tolist() == [4, 2, 9]
    with pytest.raises(InputError, match=r"several columns of numbers \(where, score\)"):
        read_published(path)


@pytest.mark.parametrize(
    ("index", "keys"),
    [
        (pd.Index([4, 2, 9], name="id"), [4, 2, 9]),
        (pd.Index([4, 2, 9]), [4, 2, 9]),
        (pd.Index([2, 0, 1]), [2, 0, 1]),
        (pd.MultiIndex.from_arrays([["train"] * 3, [4, 2, 9]], names=["split", "id"]), [4, 2, 9]),
        (pd.RangeIndex(3), None),
    ],
)
def test_the_index_of_a_parquet_file_is_the_key(tmp_path, index, keys):
    path = tmp_path / "scores.parquet"
    pd.DataFrame({"score": SCORES}, index=index).to_parquet(path)
    found = read_published(path)
    assert (None if found.keys is None else found.keys.tolist()) == keys
    assert found.values.tolist() == SCORES.tolist()


def test_an_index_that_is_a_column_too_is_there_once(tmp_path):
    path = tmp_path / "scores.parquet"
    table = pd.DataFrame({"id": [4, 2, 9], "score": SCORES})
    table.set_index("id", drop=False).to_parquet(path)
    assert read_published(path).keys.tolist() == [4, 2, 9]


def test_keys_are_found_in_any_case_and_in_their_order_of_priority(csv):
    path = csv(ID=[7, 8, 9], Position=[1, 2, 3], score=SCORES)
    assert read_published(path, "score").keys.tolist() == [1, 2, 3]
    assert read_published(csv(ID=[7, 8, 9], score=SCORES)).keys.tolist() == [7, 8, 9]


def test_positions_are_told_from_what_may_count_the_rows(csv):
    for name, kind in (("example", "position"), ("Position", "position"), ("index", "number")):
        path = csv(**{name: [2, 0, 1]}, score=SCORES)
        assert read_published(path).key_kind == kind
        assert read_published(path, key=name).key_kind == "position"
        names = name == "index"
        assert read_published(path, names=["a", "b", "c"]).key_kind == (
            "name" if names else "position"
        )
    assert read_published(csv(score=SCORES)).key_kind is None


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_an_array_without_values_is_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(InputError, match=r"^the column a of .*a\.npy is empty; give a row for ea"):
        read_published(tmp_path / "a.npy")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_split_of_each_row_is_read_if_it_is_train_or_test(tmp_path, kind):
    for splits, expected in (
        (["train", "test", "test"], ["train", "test", "test"]),
        (["train", "val", None], None),
        ([0, 1, 1], None),
    ):
        table = pd.DataFrame({"example": range(3), "split": splits, "events": [3.0, 1.0, 2.0]})
        path = tmp_path / f"table.{kind}"
        table.to_csv(path) if kind == "csv" else table.to_parquet(path)
        found = read_published(path, "events").splits
        assert (found if found is None else found.tolist()) == expected


def test_counts_of_people_s_labels_become_their_entropy(tmp_path):
    """As in cifar10h-counts.npy, or in cifar10h-probs.npy."""
    path = tmp_path / "cifar10h-counts.npy"
    np.save(path, np.array([[50, 0], [25, 25], [40, 10]]))
    found = read_published(path)
    assert found.column == "entropy of cifar10h-counts"
    assert found.values == pytest.approx([0, np.log(2), -0.8 * np.log(0.8) - 0.2 * np.log(0.2)])


@pytest.mark.parametrize(
    "columns, arguments, sentence",
    [
        ({"a": [1, 2, 3]}, ("b",), "has no column b; "),
        ({"a": [1, 2, 3]}, (None, "id"), "has no column id; "),
        (
            {"a": ["x", "y", "z"]},
            (),
            "has no column of numbers but positions and labels; write scores",
        ),
        ({"a": ["x", "y", "z"], "b": [1, 2, 3]}, ("a",), "the column a .* has no numbers; "),
        ({"a": [1.5, None, 2]}, (), "no finite number in 1 of 3 rows .the first is row 1.; leave"),
        ({"a": [1, np.inf, 2]}, (), "no finite number in 1 of 3 rows"),
        ({"a": [2, 2, 2]}, (), "is 2 in all 3 rows, so it orders nothing"),
        ({"id": [4, 5, 4], "a": [1, 2, 3]}, (), "1 examples are in several rows .* first 4; "),
        ({"k": [0.5, 1, 2], "a": [1, 2, 3]}, ("a", "k"), "is not a key: .* must have a position"),
        ({"k": list("abc"), "a": [1, 2, 3]}, ("a", "k"), "is not a key: .* must have a position"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(csv, columns, arguments, sentence):
    path = csv(**columns)
    with pytest.raises(InputError, match=sentence) as caught:
        read_published(path, *arguments)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_decimal_commas_are_no_numbers(tmp_path):
    (tmp_path / "a.csv").write_text('example,score\n0,"0,5"\n1,"0,25"\n')
    with pytest.raises(
        InputError, match=r"no column of numbers but positions and labels; write scores with"
    ):
        read_published(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("example;score\n0;0,5\n1;0,25\n", "semicolons"),
        ("example;score\n0;0.5\n1;0.25\n", "semicolons"),
        ("example\tscore\n0\t0.5\n1\t0.25\n", "tabs"),
    ],
)
def test_other_separators_are_said(tmp_path, text, mark):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=rf"a\.csv has {mark} between its columns, .*; save it"):
        read_published(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["run_2", "scores.pkl"])
def test_a_missing_file_or_folder_is_said_whatever_its_name(tmp_path, name):
    with pytest.raises(InputError, match=rf"{name} does not exist; correct the path\.$"):
        read_published(tmp_path / name)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet", "a.npz", "a.npy"])
def test_a_damaged_or_missing_file_is_said_in_a_sentence(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match="does not exist"):
        read_published(path)
    path.write_bytes(b"\xff\xfe\x00" * 40)
    with pytest.raises(InputError, match=r"is damaged, or not a \.|has no column") as caught:
        read_published(path)
    assert "\n" not in str(caught.value)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"is damaged, or not a \."):
        read_published(path)


def test_an_array_that_could_run_code_is_not_unpickled(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match=r"damaged, or not a .npy file \(Object arrays cannot be"):
        read_published(path)


def test_other_formats_are_refused(tmp_path):
    (tmp_path / "scores.pkl").touch()
    with pytest.raises(InputError, match=r"is none of .csv, .csv.gz, .parquet, .npz"):
        read_published(tmp_path / "scores.pkl")


def test_a_missing_pyarrow_is_named_with_its_extra(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"needs pyarrow to be read; .*'created-equal\[tables\]'"):
        read_published(tmp_path / "a.parquet")


def test_a_compressed_table_that_was_overwritten_in_the_middle_is_damaged(tmp_path):
    path = tmp_path / "a.csv.gz"
    pd.DataFrame({"example": range(999), "score": np.sin(range(999))}).to_csv(path)
    contents = bytearray(path.read_bytes())
    contents[200:300] = bytes(100)
    path.write_bytes(contents)
    with pytest.raises(InputError, match=r"a\.csv\.gz is damaged, or not a \.csv\.gz file"):
        read_published(path)
