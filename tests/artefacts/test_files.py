import fcntl
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from commands import python

from created_equal.artefacts import (
    definition_in_head,
    definition_of,
    open_predictions,
    read_dataset,
    read_predictions,
    read_scores,
    select_split,
    write_dataset,
    write_scores,
)
from created_equal.artefacts.files import HDF5, load_artefact, write_artefact, write_atomically
from created_equal.errors import DamagedError, InputError

SEAL = 54  # bytes
REMEDY = "make the folder writable, and run again: finished results are kept."


def sentence(call, *arguments):
    with pytest.raises(InputError) as refusal:
        call(*arguments)
    text = str(refusal.value)
    assert "\n" not in text and text.endswith(".")
    return text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def contents():
    generator = np.random.default_rng(0)
    return xr.Dataset(
        {"a": (("x", "y"), generator.integers(256, size=(30, 40), dtype=np.uint8))},
        coords={"x": np.arange(30), "name": ("y", [f"n{i}" for i in range(40)])},
        attrs={"classes": 3},
    )


def test_contents_are_read_as_they_were_written(tmp_path, contents):
    write_artefact(contents, tmp_path / "new" / "a.nc", "scores", {"b": 1})
    read = load_artefact(tmp_path / "new" / "a.nc", "scores")
    assert read.equals(contents)
    assert read.attrs["classes"] == 3
    assert all(read[name].dtype == contents[name].dtype for name in ("a", "x"))
    assert names(tmp_path / "new") == ["a.nc"]


def test_a_file_stores_its_definition_and_versions(tmp_path, contents):
    write_artefact(contents, tmp_path / "a.nc", "scores", {"b": [1, {"c": None}], "a": True})
    read = load_artefact(tmp_path / "a.nc", "scores")
    assert definition_of(read) == {"a": True, "b": [1, {"c": None}]}
    versions = json.loads(read.attrs["versions"])
    assert versions["torch"] == version("torch")
    assert versions["numpy"] == np.__version__
    assert read.attrs["artefact"] == "scores"


def test_a_definition_is_in_the_head(tmp_path, contents):
    path = tmp_path / "file.nc"
    for rounds in (1, 10, 100, 1000):
        definition = {f"round {number}": {"é": [0.5, None, True] * 20} for number in range(rounds)}
        write_artefact(contents, path, "predictions", definition)
        assert definition_in_head(path) == definition
        whole = path.read_bytes()
        path.unlink()
        # By chance, an address may look like the start of JSON.
        path.write_bytes(whole.replace(b"predictions", b'{"pre":"1",', 1))
        assert definition_in_head(path) == definition
        path.unlink()
    for other in (b"", b"damaged", b'HDF {"cut": ', whole[:600]):
        path.write_bytes(other)
        assert definition_in_head(path) is None
    for other in (tmp_path, tmp_path / "missing.nc"):
        assert definition_in_head(other) is None


def test_a_second_write_replaces_the_first(tmp_path, contents):
    write_scores(contents, tmp_path / "a.nc", {"n": 1})
    write_scores(contents, tmp_path / "a.nc", {"n": 2})
    assert definition_of(read_scores(tmp_path / "a.nc")) == {"n": 2}
    assert names(tmp_path) == ["a.nc"]


def test_other_libraries_can_read_the_files(tmp_path, digits):
    write_dataset(digits, tmp_path / "d.nc", {})
    with h5py.File(tmp_path / "d.nc") as file:
        assert np.array_equal(file["image"][:], digits["image"].values)
        assert file["example_split"][:].tolist() == [
            int(split == "test") for split in digits["example_split"].values
        ]


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_examples_of_a_split(digits, split):
    chosen = select_split(digits, split)
    assert chosen.sizes["example"] == 40
    assert set(chosen["example_split"].values) == {split}
    rows = np.isin(digits["example"].values, chosen["example"].values)
    assert np.array_equal(digits["image"].values[rows], chosen["image"].values)


def test_examples_of_a_split_side_by_side_are_not_copied(digits):
    side_by_side = digits.isel(example=np.argsort(digits["example_split"].values, kind="stable"))
    for split in ("train", "test"):
        chosen = select_split(side_by_side, split)
        assert np.shares_memory(chosen["image"].values, side_by_side["image"].values)
        assert chosen.identical(select_split(digits, split))


def test_a_split_may_be_empty(digits):
    assert select_split(select_split(digits, "train"), "test").sizes["example"] == 0


# atomic writes

WRITES_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
import xarray as xr
from created_equal.artefacts.files import write_artefact
contents = xr.Dataset({"a": ("x", np.random.default_rng(0).random(500_000))})
for n in range(100_000):
    write_artefact(contents, Path(sys.argv[1]), "scores", {"n": n})
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_file_or_none(tmp_path):
    path = tmp_path / "a.nc"
    caught_in_the_act = 0
    for delay in (0.0, 0.03, 0.06, 0.09):
        path.unlink(missing_ok=True)
        left_before = len(list(tmp_path.glob(".a.nc.*")))
        writer = subprocess.Popen([sys.executable, "-c", WRITES_FOR_EVER, path])
        while len(list(tmp_path.glob(".a.nc.*"))) == left_before:
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        caught_in_the_act += len(list(tmp_path.glob(".a.nc.*"))) > left_before
        if path.exists():
            assert load_artefact(path, "scores").sizes["x"] == 500_000
        assert not [each for each in tmp_path.glob("*.nc") if each != path]
    assert caught_in_the_act


def test_a_write_removes_what_killed_writers_left_and_nothing_of_others(tmp_path, contents):
    here, ended = platform.node(), subprocess.Popen(["true"])
    ended.wait()
    # A process in another container has a number that is unknown here, perhaps that of this one.
    written_now = [f".a.nc.{here}.{ended.pid}", f".a.nc.{here}.{os.getpid()}"]
    others = [".a.nc.elsewhere.1", f".b.nc.{here}.1"]
    left = f".a.nc.{here}.1"
    for name in (left, *others, *written_now):
        (tmp_path / name).write_text("of another writer")
    for name in (left, *others):
        os.utime(tmp_path / name, (time.time() - 25 * 3600,) * 2)
    write_scores(contents, tmp_path / "a.nc", {})
    assert names(tmp_path) == sorted(["a.nc", *others, *written_now])


WRITES_ONTO_A_DISK_THAT_IS_FULL = """
import resource, sys
from pathlib import Path
import numpy as np
import xarray as xr
from created_equal.artefacts.files import write_artefact
from created_equal.errors import InputError
pixels = np.random.default_rng(0).integers(256, size=(40, 1000), dtype=np.uint8)
contents = xr.Dataset({"a": (("x", "y"), pixels)}, coords={"x": np.arange(40)})
sentences = []
for room in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        write_artefact(contents, Path(sys.argv[1]), "scores", {})
    except InputError as error:
        sentences.append(str(error))
print("\\n".join(sentences))
"""


def test_a_full_disk_ends_in_a_sentence_wherever_it_strikes(tmp_path):
    path = tmp_path / "a.nc"
    rooms = [0, 10, 96, 100, 1000, 3000, 6000, 9000, 12_000, 20_000, 30_000, 40_000, 44_000]
    done = python("-c", WRITES_ONTO_A_DISK_THAT_IS_FULL, path, *rooms)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    message = done.stdout.splitlines()
    remedy = "raise the limit of a file's size, for example with: ulimit -f unlimited."
    assert message == [f"{path} cannot be written (File too large); {remedy}"] * len(rooms)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file(tmp_path, contents):
    path = tmp_path / "a.nc"
    write_artefact(contents, path, "scores", {})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        assert "cannot be written" in sentence(write_artefact, contents * 2, path, "scores", {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_artefact(path, "scores").equals(contents)
    assert names(tmp_path) == ["a.nc"]


def test_bytes_are_written_and_folders_created(tmp_path):
    path = tmp_path / "a/b/c.txt"
    write_atomically(path, b"1\n", b"2\n")
    assert path.read_bytes() == b"1\n2\n"
    assert names(path.parent) == ["c.txt"]


def test_the_old_file_stays_if_it_cannot_be_replaced(tmp_path, monkeypatch):
    path = tmp_path / "c.txt"
    write_atomically(path, b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    message = sentence(write_atomically, path, b"after")
    assert message == (
        f"{path} cannot be written (No space left on device); make room on that disk, and run "
        "again: finished results are kept."
    )
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["c.txt"]


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("file/a.nc", "a file has this path, where a folder is needed: move it elsewhere."),
        ("file/deeper/a.nc", "a file has this path, where a folder is needed: move it"),
        ("folder.nc", "a folder has this path, where a file is needed: move it elsewhere."),
    ],
)
def test_a_place_that_cannot_be_written_to(tmp_path, contents, place, remedy):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder.nc").mkdir()
    message = sentence(write_artefact, contents, tmp_path / place, "scores", {})
    assert message.startswith(f"{tmp_path / place} cannot be written (") and remedy in message
    assert names(tmp_path) == ["file", "folder.nc"]
    assert (tmp_path / "file").read_text() == "kept"


# files that cannot be read


def test_a_file_that_is_missing(tmp_path):
    path = tmp_path / "a.nc"
    assert sentence(read_scores, path) == f"{path} does not exist; correct the path."
    assert sentence(read_scores, "results/digits/st_vgg/scores.nc") == (
        "results/digits/st_vgg/scores.nc does not exist; "
        "build it with snakemake --cores all results/digits/st_vgg/scores.nc."
    )


def test_recorded_predictions_that_are_not_scored_yet(tmp_path):
    (tmp_path / "0000.nc").touch()
    assert sentence(read_scores, tmp_path / "scores.nc") == (
        f"{tmp_path / 'scores.nc'} does not exist; run created-equal score {tmp_path}."
    )


def test_a_file_of_another_kind(tmp_path, contents, digits_file):
    assert sentence(read_predictions, digits_file) == (
        f"{digits_file} is not a predictions file of created-equal; give the path of one."
    )
    contents.to_netcdf(tmp_path / "foreign.nc", engine="h5netcdf")
    assert "not a scores file" in sentence(read_scores, tmp_path / "foreign.nc")


@pytest.mark.parametrize("contents", [b"", b"no NetCDF at all", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_a_file_that_is_no_netcdf(tmp_path, contents):
    (tmp_path / "a.nc").write_bytes(contents)
    assert sentence(read_dataset, tmp_path / "a.nc").endswith(
        "a.nc is not a dataset file of created-equal; give the path of one."
    )
    assert "a.nc is not a predictions file" in sentence(open_predictions, tmp_path / "a.nc")


@pytest.mark.parametrize(
    "place",
    ["digits/dataset.nc", "x/a/scores.nc", "x/baselines/svm.nc", "x/a/predictions/0000-0003.nc"],
)
def test_only_what_the_workflow_writes_can_be_damaged_beyond_recognition(tmp_path, place):
    path = tmp_path / "results" / place
    for where in (path, tmp_path / "results/x/mine.nc", tmp_path / "mine" / Path(place).name):
        where.parent.mkdir(parents=True, exist_ok=True)
        for left in (b"", HDF5 + bytes(100)):
            where.write_bytes(left)
            with pytest.raises(InputError) as error:
                read_scores(where)
            assert isinstance(error.value, DamagedError) == (where == path)
            assert ("delete" in str(error.value)) == (where == path)


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_64BIT"])
def test_an_intact_file_of_another_program_is_never_called_damaged(tmp_path, contents, format):
    path = tmp_path / "results/mine/scores.nc"
    path.parent.mkdir(parents=True)
    engine = "h5netcdf" if format == "NETCDF4" else "scipy"
    contents[["x"]].to_netcdf(path, format=format, engine=engine)
    assert sentence(read_scores, path) == (
        f"{path} is not a scores file of created-equal; give the path of one."
    )


def test_a_file_of_ours_elsewhere_is_called_damaged_but_not_to_be_deleted(tmp_path, digits_file):
    whole = digits_file.read_bytes()
    for left in (whole[: len(whole) * 2 // 3], whole[:10_000] + b"x" + whole[10_001:]):
        (tmp_path / "a.nc").write_bytes(left)
        assert sentence(read_dataset, tmp_path / "a.nc").endswith(
            "a.nc is damaged (cut short, or its checksum is wrong); replace it by an intact copy, "
            "or write it again."
        )


def test_a_file_that_was_cut_short(tmp_path, digits_file):
    whole = digits_file.read_bytes()
    path = tmp_path / "results/digits/dataset.nc"
    path.parent.mkdir(parents=True)
    for left in range(0, len(whole) - SEAL, len(whole) // 40):
        path.write_bytes(whole[:left])
        assert sentence(read_dataset, path) == (
            f"{path} is damaged (cut short, or its checksum is wrong) or not a dataset file of "
            "created-equal; delete it and run again to rebuild it."
        )


def test_every_flipped_bit_is_found(tmp_path, digits_file):
    whole = digits_file.read_bytes()
    path = tmp_path / "a.nc"
    generator = np.random.default_rng(0)
    for place in [*generator.choice(len(whole) - SEAL, 300, replace=False), *range(-60, -SEAL)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << generator.integers(8)
        path.write_bytes(damaged)
        assert "its checksum is wrong" in sentence(read_dataset, path)


def test_a_seal_that_is_damaged_alone_is_made_again(tmp_path, digits_file, digits):
    """The contents have a checksum of their own."""
    whole = digits_file.read_bytes()
    for number, damaged in enumerate((whole[:-1], whole[:-SEAL], whole[:-SEAL] + b"x" * SEAL)):
        path = tmp_path / f"{number}.nc"
        path.write_bytes(damaged)
        assert read_dataset(path).equals(digits)


# programs that open results for writing


def test_files_are_read_only(tmp_path, contents):
    path = tmp_path / "a.nc"
    write_artefact(contents, path, "scores", {})
    assert path.stat().st_mode & 0o777 == 0o444 & ~umask()
    write_artefact(contents, path, "scores", {})


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_that_was_opened_for_writing_is_sealed_again(tmp_path, digits, caplog):
    path = tmp_path / "d.nc"
    write_dataset(digits, path, {"a": 1})
    whole = path.read_bytes()
    path.chmod(0o644)
    h5py.File(path, "r+").close()
    assert len(path.read_bytes()) < len(whole)
    assert read_dataset(path).equals(digits)
    assert "lost its checksum when a program opened it for writing" in caplog.text
    assert path.read_bytes() == whole
    # A viewer may leave a note.
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        file.attrs["history"] = "looked at"
    assert read_dataset(path).equals(digits)


@pytest.mark.parametrize("change", ["value", "definition", "variable"])
def test_a_file_that_a_program_changed_is_damaged(tmp_path, digits, change):
    path = tmp_path / "d.nc"
    write_dataset(digits, path, {"a": 1})
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        if change == "value":
            file["label"][3] += 1
        elif change == "definition":
            file.attrs["definition"] = "{}"
        else:
            del file["channel_std"]
    assert "is damaged (cut short" in sentence(read_dataset, path)


def test_file_systems_without_locks_need_none(tmp_path, contents):
    """HDF5 locks the files that it reads, unless it is configured not to; other locks block it."""
    path = tmp_path / "a.nc"
    write_artefact(contents, path, "scores", {})
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert load_artefact(path, "scores").equals(contents)
