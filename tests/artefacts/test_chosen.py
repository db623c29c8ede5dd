import numpy as np
import pandas as pd
import pytest
from data import overwrite

from created_equal.artefacts import read_chosen, write_chosen
from created_equal.errors import DamagedError, InputError


@pytest.fixture
def chosen():
    return pd.DataFrame(
        {
            "example": np.array([7, 3], dtype=np.int64),
            "label": np.array([1, 0], dtype=np.int64),
            "class": ["NA", "owl, barn"],
            "score": [1 / 3, np.nan],
            "round": np.array([1, 2], dtype=np.int64),
            "what": ["removed", "removed"],
        }
    )


def test_a_table_is_read_as_it_was_written(chosen, tmp_path):
    path = tmp_path / "new folder" / "chosen.csv"
    write_chosen(chosen, path)
    pd.testing.assert_frame_equal(read_chosen(path), chosen.astype({"class": str, "what": str}))
    assert path.read_text().splitlines()[0] == "example,label,class,score,round,what"
    assert [each.name for each in path.parent.iterdir()] == ["chosen.csv"]


def test_a_table_without_rows(chosen, tmp_path):
    write_chosen(chosen[:0], tmp_path / "chosen.csv")
    assert len(read_chosen(tmp_path / "chosen.csv")) == 0


def test_other_programs_can_read_the_table(chosen, tmp_path):
    write_chosen(chosen, tmp_path / "chosen.csv")
    assert len(pd.read_csv(tmp_path / "chosen.csv", comment="#")) == len(chosen)


def test_a_missing_or_different_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"chosen\.csv does not exist; build it with"):
        read_chosen(tmp_path / "chosen.csv")
    (tmp_path / "chosen.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DamagedError, match="or not a table of chosen examples; delete it"):
        read_chosen(tmp_path / "chosen.csv")


def test_a_table_that_is_cut_short_anywhere_or_has_a_byte_flipped_is_found(chosen, tmp_path):
    path = tmp_path / "chosen.csv"
    write_chosen(chosen, path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        for contents in (whole[:place], flipped):
            overwrite(path, contents)
            with pytest.raises(
                DamagedError, match=r"is damaged \(cut short, or its checksum"
            ) as it:
                read_chosen(path)
            assert it.value.path == path


def test_a_place_that_cannot_be_written_to_is_named(chosen, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/chosen\.csv cannot be written"):
        write_chosen(chosen, tmp_path / "file" / "chosen.csv")
