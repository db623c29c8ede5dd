import io
import json

import datasets
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from PIL import Image

from created_equal.errors import InputError
from created_equal.exchange import about, example_table
from created_equal.exchange import export as export_module
from created_equal.exchange.export import export_scores

CLASSES = ("cat", "dog, or wolf", "12")


@pytest.fixture
def folder(scores, dataset, tmp_path, monkeypatch):
    """An export with images, written in parts of 5 rows."""
    monkeypatch.setattr(export_module, "ROWS_AT_ONCE", 5)
    words = about(scores, "made_up", "st_vgg")
    export_scores(scores, dataset, words, tmp_path / "export", images=True)
    return tmp_path / "export"


def test_hugging_face_loads_labels_and_images(folder, dataset, tmp_path):
    loaded = datasets.load_dataset(
        "parquet",
        data_files=str(folder / "scores.parquet"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert loaded.features["label"] == datasets.ClassLabel(names=[*CLASSES])
    assert isinstance(loaded.features["image"], datasets.Image)
    assert len(loaded) == 24
    for row, pixels in zip(loaded, dataset["image"].values, strict=True):
        np.testing.assert_array_equal(np.asarray(row["image"]), pixels)
        assert row["class"] == CLASSES[row["label"]]


def test_hugging_face_loads_the_folder_of_images(folder, dataset, tmp_path):
    loaded = datasets.load_dataset(
        "imagefolder",
        data_dir=str(folder),
        data_files={"train": [str(folder / "data/*.png"), str(folder / "metadata.csv")]},
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    by_example = {row["example"]: row for row in loaded}
    for name, pixels in zip(dataset["example"].values, dataset["image"].values, strict=True):
        np.testing.assert_array_equal(np.asarray(by_example[name]["image"]), pixels)


def test_the_schema_has_types_metadata_and_curves(folder, scores):
    table = pyarrow.parquet.read_table(folder / "scores.parquet")
    assert str(table.schema.field("image").type) == "struct<bytes: binary, path: string>"
    assert json.loads(table.schema.metadata[b"created_equal"])["ensemble"] == "st_vgg"
    curves = np.array(table["consistency_by_epoch"].to_pylist())
    np.testing.assert_allclose(curves.T, scores["n_right"] / scores.sizes["network"], rtol=1e-6)
    image = table["image"][7].as_py()
    assert image["path"] == "data/000114.png"
    assert Image.open(io.BytesIO(image["bytes"])).size == (5, 6)


def test_every_row_has_its_source(folder, scores, dataset):
    table = example_table(scores, dataset)
    as_text = {"class": str, "modal_class": str, "pixel_hash": str}
    # fiftyone takes the names for those of files in data.
    for name, column, place in (
        ("labels.csv", "filepath", "data"),
        ("metadata.csv", "file_name", ""),
    ):
        read = pd.read_csv(folder / name, dtype=as_text)
        assert all((folder / place / path).is_file() for path in read[column])
        pd.testing.assert_frame_equal(read.drop(columns=column), table, check_dtype=False)
    read = pd.read_csv(folder / "scores.csv", dtype=as_text)
    assert read[["example", "label", "file", "pixel_hash"]].equals(
        table[["example", "label", "file", "pixel_hash"]]
    )


def test_the_card_names_every_column(folder):
    card = (folder / "README.md").read_text("utf-8")
    for name in pyarrow.parquet.read_schema(folder / "scores.parquet").names:
        assert f"| `{name}` | " in card
    assert card.startswith("---\nconfigs:")
    assert "{" not in card.replace('fields = {"', "").split("```python")[0]


def test_without_images_there_are_none(scores, dataset, tmp_path):
    words = about(scores, "made_up", "st_vgg")
    export_scores(scores, dataset, words, tmp_path / "export")
    names = {path.name for path in (tmp_path / "export").iterdir()}
    assert names == {"scores.parquet", "scores.csv", "epochs.csv", "README.md"}
    with pytest.raises(InputError, match="exists already"):
        export_scores(scores, dataset, words, tmp_path / "export")


def test_an_export_that_fails_leaves_nothing(scores, dataset, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "write_parquet", full)
    with pytest.raises(InputError, match="make room on that disk"):
        export_scores(scores, dataset, about(scores, "s", "e"), tmp_path / "export", images=True)
    assert not list(tmp_path.iterdir())
