import numpy as np
import pandas as pd
import pytest

from created_equal.artefacts import read_chosen, write_chosen
from created_equal.errors import InputError


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


def test_what_is_written_is_read_again_to_the_last_digit(chosen, tmp_path):
    path = tmp_path / "new folder" / "chosen.csv"
    write_chosen(chosen, path)
    pd.testing.assert_frame_equal(read_chosen(path), chosen.astype({"class": str, "what": str}))
    assert path.read_text().splitlines()[0] == "example,label,class,score,round,what"
    assert [each.name for each in path.parent.iterdir()] == ["chosen.csv"]


def test_a_table_without_rows(chosen, tmp_path):
    write_chosen(chosen[:0], tmp_path / "chosen.csv")
    assert len(read_chosen(tmp_path / "chosen.csv")) == 0


def test_a_missing_or_other_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"chosen\.csv does not exist; build it with"):
        read_chosen(tmp_path / "chosen.csv")
    (tmp_path / "chosen.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="is not a table of chosen examples; delete it"):
        read_chosen(tmp_path / "chosen.csv")
    (tmp_path / "chosen.csv").write_text("example,label,class,score,round,what\nx,1,a,,1,moved\n")
    with pytest.raises(InputError, match="is not a table of chosen examples; delete it"):
        read_chosen(tmp_path / "chosen.csv")


def test_a_place_that_cannot_be_written_to_is_named(chosen, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/chosen\.csv cannot be written"):
        write_chosen(chosen, tmp_path / "file" / "chosen.csv")
