import csv
from dataclasses import fields

import pytest

from created_equal.claims.check import Row
from created_equal.claims.page import write_table
from created_equal.errors import InputError


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_attribute_is_a_column(measured, missing, tmp_path):
    write_table([measured, missing], tmp_path / "results/digits/claims.csv")
    rows = read(tmp_path / "results/digits/claims.csv")
    assert list(rows[0]) == [field.name for field in fields(Row)]
    first, second = rows
    assert first["claim"] == "One, and the other."
    assert (first["paper"], first["value"], first["networks"]) == ("0.87", "0.82", "20")
    assert first["independent_networks"] == "0.0191235"
    assert first["class_means"] == ""
    assert (second["paper"], second["value"], second["networks"]) == ("", "", "")
    assert (second["verdict"], second["note"]) == ("not measured", missing.note)
    assert [path.name for path in (tmp_path / "results/digits").iterdir()] == ["claims.csv"]


def test_a_place_that_cannot_be_written_to(measured, tmp_path):
    (tmp_path / "results").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"claims\.csv cannot be written .* move it elsewhere"):
        write_table([measured], tmp_path / "results/claims.csv")
