import pytest

from created_equal.claims.writing import write_text
from created_equal.errors import InputError


def test_text_is_written_whole_with_its_folder(tmp_path):
    path = tmp_path / "a/b/c.txt"
    write_text("2 − 2/N ≥ 1\n", path)
    assert path.read_text(encoding="utf-8") == "2 − 2/N ≥ 1\n"
    assert [each.name for each in path.parent.iterdir()] == ["c.txt"]


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "c.txt"
    write_text("before", path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(InputError, match=r"c\.txt cannot be written \(No space left on device\)"):
        write_text("after", path)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["c.txt"]
