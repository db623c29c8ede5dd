from pathlib import Path

import pytest

from created_equal.links import dead_link


@pytest.mark.parametrize("below", ["", "smoke", "smoke/st_vgg/scores.nc"])
def test_a_link_to_what_is_not_there_is_named(tmp_path, monkeypatch, below):
    monkeypatch.chdir(tmp_path)
    disk, link = tmp_path / "disk", Path("results")
    link.symlink_to(disk)
    assert dead_link(link / below) == (
        f"results is a link to {disk}, which is not there; mount it or mend the link."
    )
    disk.mkdir()
    assert dead_link(link / below) is None


def test_what_is_no_link_is_none_of_its_business(tmp_path):
    assert dead_link(tmp_path) is dead_link(tmp_path / "not/there") is None


def test_a_link_to_itself(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert "loop is a link to loop, which is not there" in dead_link(tmp_path / "loop/below")
