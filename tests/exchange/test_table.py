import io
import json
import logging
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from created_equal.artefacts import consistency
from created_equal.errors import InputError
from created_equal.exchange import COLUMNS, EPOCH_COLUMNS, about, example_table, write_tables
from created_equal.exchange.table import as_csv
from created_equal.scores.label_metrics import OF_EPOCHS, OF_EXAMPLES


def test_a_row_has_what_is_known_of_its_example(scores, dataset):
    table = example_table(scores, dataset)
    absent = ("name", "moved", "source_label")
    assert list(table) == [name for name in COLUMNS if name not in absent]
    row = table.iloc[16]
    assert row[["example", "split", "file"]].tolist() == [132, "test", "test/16.png"]
    assert row[["label", "class"]].tolist() == [1, "dog, or wolf"]
    assert row["pixel_hash"] == f"{int(dataset['pixel_hash'][16]):016x}"
    assert row["modal_class"] == dataset["class_name"].values[row["modal_label"]]
    last = consistency(scores).isel(epoch=-1)
    np.testing.assert_array_equal(table["consistency"], last)


def test_without_a_dataset_names_are_left_out(scores, dataset):
    table = example_table(scores)
    of_dataset = ["file", "pixel_hash", "class", "modal_class"]
    assert table.equals(example_table(scores, dataset).drop(columns=of_dataset))


def test_labels_that_were_changed_are_beside_those_of_the_source(scores, dataset):
    shuffled = scores.assign(label=(scores["label"] + 1) % 3)
    table = example_table(shuffled, dataset)
    assert (table["source_label"] == dataset["label"].values).all()
    assert (table["label"] == (table["source_label"] + 1) % 3).all()


def test_moved_examples_are_marked(scores, dataset):
    moved = scores["example"].values >= 140
    table = example_table(scores.assign(moved=("example", moved)), dataset)
    assert table["moved"].tolist() == moved.tolist()


def test_examples_with_names_have_them_in_every_file(scores, dataset, tmp_path):
    """As text, because some are numbers."""
    names = np.array([f"{2**60 + each}" for each in scores["example"].values], dtype=object)
    named = scores.assign(example_name=("example", names))
    write_tables(named, dataset, {}, tmp_path)
    assert list(example_table(named))[:3] == ["example", "name", "split"]
    assert example_table(named)["name"].tolist() == names.tolist()
    read = pd.read_csv(tmp_path / "examples.csv", dtype={"name": str})
    assert read["name"].tolist() == names.tolist()
    assert pd.read_parquet(tmp_path / "examples.parquet")["name"].tolist() == names.tolist()


def test_some_of_the_examples_in_another_order_find_their_files(scores, dataset):
    part = scores.isel(example=[20, 3, 7])
    table = example_table(part, dataset)
    assert table["file"].tolist() == ["test/20.png", "train/3.png", "train/7.png"]


def test_an_example_that_the_dataset_lacks_is_named(scores, dataset):
    with pytest.raises(InputError, match="example 100, which the dataset does not have"):
        example_table(scores, dataset.isel(example=slice(1, None)))


def test_csv_and_parquet_have_the_same_table(scores, dataset, tmp_path):
    write_tables(scores, dataset, about(scores, "made_up", "st_vgg"), tmp_path)
    table = example_table(scores, dataset)
    as_text = {"class": str, "modal_class": str, "pixel_hash": str}
    read = pd.read_csv(tmp_path / "examples.csv", dtype=as_text)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "examples.parquet"), table, check_dtype=False
    )
    epochs = pd.read_csv(tmp_path / "epochs.csv")
    assert list(epochs) == list(EPOCH_COLUMNS)
    assert len(epochs) == 2 * 5


def test_parquet_says_what_it_is_of_and_what_each_column_is(scores, dataset, tmp_path):
    write_tables(scores, dataset, about(scores, "made_up", "st_vgg"), tmp_path)
    schema = pyarrow.parquet.read_schema(tmp_path / "examples.parquet")
    found = json.loads(schema.metadata[b"created_equal"])
    assert (found["study"], found["networks"]) == ("made_up", 6)
    assert found["definition"] == {"made": "up"}
    for name in schema.names:
        assert schema.field(name).metadata[b"description"].decode() == COLUMNS[name]


def test_never_is_empty_in_csv_and_missing_in_parquet(scores, dataset, tmp_path):
    never = scores.assign(first_learned=0 * scores["first_learned"] + np.nan)
    write_tables(never, dataset, {}, tmp_path)
    assert pd.read_csv(tmp_path / "examples.csv")["first_learned"].isna().all()
    column = pyarrow.parquet.read_table(tmp_path / "examples.parquet")["first_learned"]
    assert column.null_count == len(column)


def test_without_pyarrow_there_is_csv_and_a_warning(scores, dataset, tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with caplog.at_level(logging.WARNING):
        write_tables(scores, dataset, {}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"examples.csv", "epochs.csv"}
    assert "needs pyarrow, which is not installed; install it with: pip" in caplog.text


def test_scores_of_an_earlier_version_are_said_to_lack_columns(scores, dataset, tmp_path, caplog):
    earlier = scores.drop_vars([*OF_EXAMPLES, *OF_EPOCHS])
    with caplog.at_level(logging.WARNING):
        write_tables(earlier, dataset, {}, tmp_path)
    assert "score the ensemble again" in caplog.text
    read = pd.read_csv(tmp_path / "examples.csv")
    assert "forgetting" not in read
    assert "accessibility" in read


def test_csv_is_unicode_with_unix_lines():
    text = as_csv(pd.DataFrame({"class": ["Käfer", "a,b"]}))
    assert text == 'class\nKäfer\n"a,b"\n'.encode()
    assert pd.read_csv(io.BytesIO(text))["class"].tolist() == ["Käfer", "a,b"]
