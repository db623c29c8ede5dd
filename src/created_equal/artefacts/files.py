"""Artefacts on disk: NetCDF-4 files, written atomically, with a checksum and their definition."""

import io
import json
import logging
import os
import platform
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.definitions import canonical, in_study
from created_equal.errors import DELETE, DamagedError, InputError, because
from created_equal.paths import RESULTS, dead_link

SPLITS = ("train", "test")
# An artefact ends with this mark and a digest of all bytes before it; HDF5 ignores both.
MARK = b"created-equal blake2b "
HDF5 = b"\x89HDF\r\n\x1a\n"
DIGEST_SIZE = 32
SEAL_SIZE = len(MARK) + DIGEST_SIZE
BYTES_AT_ONCE = 2**20
HEAD_SIZE = 2**16
# Seconds since the last change after which a temporary file counts as left by a killed process.
# Containers that share a folder cannot see each other's processes, and may have one host name.
LEFT_AFTER = 24 * 3600
# What the workflow writes, and would write again.
OUTPUT = re.compile(
    r"/(results|reference)/[^/]+/(([^/]+/)?(dataset|scores)\.nc|baselines/[^/]+\.nc)$"
    r"|/predictions/(\w+/)?\d{4,}(-\d{4,})?(_\w+)?\.nc$|/unfinished/\d{4,}(_\w+)?\.(nc|pt)$"
)
VERSIONED = ("created-equal", "numpy", "scipy", "scikit-learn", "torch", "torchvision")

log = logging.getLogger(__name__)


def check_definition(path: Path, found: Mapping, wanted: Mapping) -> None:
    """Check that an artefact was made for the definition that its study has now.

    Raises:
        InputError: ``in_study(found)`` is not ``wanted``.
    """
    if canonical(in_study(found)) != canonical(wanted):
        derived = wanted.get("dataset", wanted).get("derived", {})
        ranking = " (another number of networks changes rankings)" if "ranked_by" in derived else ""
        if "source" in wanted and not derived:
            remedy = f"run created-equal build_dataset {path.parent.name}."
        else:
            remedy = "move the file elsewhere and run again."
        raise InputError(
            f"{path} was made for a definition that its study no longer has; undo the "
            f"change{ranking}, or {remedy}"
        )


def check_if_made_for(path: Path, wanted: Mapping) -> None:
    """As ``check_definition``, of a file that may be missing; only its first bytes are read."""
    check_definition(path, definition_in_head(path) or wanted, wanted)


def versions() -> dict[str, str]:
    """Return the versions of the installed libraries that results depend on."""
    found = {}
    for name in VERSIONED:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def write_artefact(
    contents: xr.Dataset,
    path: Path,
    kind: str,
    definition: Mapping,
    chunks: Mapping[str, int] | None = None,
) -> None:
    """Write ``contents`` to ``path``, see ``write_atomically``.

    The file has no time stamp: equal contents give equal bytes.

    Args:
        contents: the variables to write; their attributes are kept.
        path: output file; missing folders are created.
        kind: ``"dataset"``, ``"predictions"`` or ``"scores"``.
        definition: everything that determines the contents, as plain JSON types.
        chunks: maximum chunk size by dimension, for variables that have all of these dimensions;
            their chunks span all other dimensions. A chunk is the smallest part of a file that can
            be read by itself. HDF5 chooses the chunks of all other variables.
    """
    contents = contents.assign_attrs(
        artefact=kind, definition=canonical(definition), versions=canonical(versions())
    )
    if "example_split" in contents:
        codes = np.asarray(contents["example_split"].values == "test", dtype=np.int8)
        contents = contents.assign_coords(
            example_split=("example", codes, {"meaning": "0 = train, 1 = test"})
        )
    # Contents that were read from another file have the digest of that file.
    contents.attrs.pop("contents", None)
    contents = contents.assign_attrs(contents=_digest_of_contents(contents))
    encoding = {
        name: {"zlib": True, "complevel": 2, "shuffle": True, **_chunk_sizes(variable, chunks)}
        for name, variable in contents.variables.items()
        if variable.ndim and variable.dtype.kind in "iufb" and variable.size
    }
    # HDF5 can crash the process when the disk is full, so it writes to memory first.
    write_sealed(path, contents.to_netcdf(engine="h5netcdf", encoding=encoding))


def write_sealed(path: Path, contents: bytes) -> None:
    """Write ``contents``, followed by their checksum; raises as ``write_atomically``."""
    write_atomically(path, contents, MARK + blake2b(contents, digest_size=DIGEST_SIZE).digest())


def read_sealed(path: Path, kind: str) -> bytes:
    """Return the bytes written by ``write_sealed``, verified; raises as ``open_artefact``."""
    with _intact(path, kind), path.open("rb") as file:
        return file.read(os.fstat(file.fileno()).st_size - SEAL_SIZE)


def seal_of(path: Path) -> bytes | None:
    """Return the digest at the end of a file, or None if the file cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - DIGEST_SIZE))
            return file.read()
    except OSError:
        return None


def write_atomically(path: Path, *parts: bytes) -> None:
    """Write ``parts``, one after the other, to ``path`` atomically.

    Raises:
        InputError: ``path`` cannot be written, or the disk is full.
    """
    path = Path(path)
    if link := dead_link(path.parent):
        raise InputError(link)
    temporary = path.with_name(f".{path.name}.{platform.node()}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        if os.name != "nt":  # Windows would not replace a read-only file.
            # Read-only, because HDF5 changes every file that is opened for writing.
            temporary.chmod(temporary.stat().st_mode & 0o555)
        temporary.replace(path)
    except OSError as error:
        otherwise = "make the folder writable, and run again: finished results are kept"
        raise InputError(f"{path} cannot be written {because(error, otherwise)}") from error
    finally:
        # unlink(missing_ok=True) would raise if one of the path's folders is a file.
        if temporary.is_file():
            temporary.unlink()


def open_artefact(path: Path, kind: str, without: Sequence[str] = ()) -> xr.Dataset:
    """Open an artefact lazily, after verifying its checksum; some variables may be left out.

    Close it, or use it in a ``with`` block.

    Raises:
        InputError: the file is missing, unreadable, or of another kind.
        InputError, DamagedError: the checksum does not match, see ``_problem_of``.
    """
    path = Path(path)
    if not path.is_file():
        remedy = "correct the path."
        if path.parts[:1] == RESULTS.parts:
            remedy = f"build it with snakemake --cores all {path}."
        # Recorded and imported predictions are where their scores will be.
        if kind == "scores" and any(path.parent.glob("[0-9]*.nc")):
            remedy = f"run created-equal score {path.parent}."
        raise InputError(f"{path} does not exist; {remedy}")
    with _intact(path, kind):
        # No program writes to a finished file, and not all file systems have locks.
        contents = xr.open_dataset(
            path.absolute(),  # xarray would expand a leading ~.
            engine="h5netcdf",
            chunks=None,
            drop_variables=without,
            driver_kwds={"locking": False},
        )
    if contents.attrs.get("artefact") != kind:
        contents.close()
        raise InputError(f"{path} is not a {kind} file of created-equal; give the path of one.")
    if "example_split" in contents.coords:
        codes = contents["example_split"].values
        # In place, because closing a copy would not close the file.
        contents.coords["example_split"] = "example", np.array(SPLITS)[codes.astype(np.int64)]
    return contents


def load_artefact(path: Path, kind: str) -> xr.Dataset:
    """Read an artefact into memory; raises as ``open_artefact``."""
    with open_artefact(path, kind) as contents:
        return contents.load()


def definition_of(contents: xr.Dataset) -> dict:
    """Return the definition stored in an artefact."""
    return json.loads(contents.attrs["definition"])


def definition_in_head(path: Path, size: int = HEAD_SIZE) -> dict | None:
    """Return the definition in the first bytes of an artefact, or None if there is none.

    Twice as many are read if they end within it. Nothing is verified, because that would take as
    long as reading the whole file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(size).decode("latin-1")
    except OSError:
        return None
    # Canonical JSON has only ASCII characters. Any number may happen to look like its start.
    for start in re.finditer(r'\{"', head):
        try:
            found, _ = json.JSONDecoder().raw_decode(head, start.start())
        except ValueError:
            rest = head[start.start() :]
            if len(head) == size and rest.isascii() and rest.isprintable():
                return definition_in_head(path, 2 * size)
            continue
        # The versions are JSON too, and HDF5 may write either first.
        if found.keys() - set(VERSIONED):
            return found
    return None


def select_split(contents: xr.Dataset, split: str) -> xr.Dataset:
    """Return the examples of one split, ``"train"`` or ``"test"``."""
    return select_indices(contents, np.flatnonzero(contents["example_split"].values == split))


def select_indices(contents: xr.Dataset, indices: np.ndarray) -> xr.Dataset:
    """Return the examples at these indices of the example axis, (example,) integers.

    Consecutive indices, as in a dataset from which nothing was moved, are sliced without a copy.
    """
    if indices.size and (np.diff(indices) == 1).all():
        return contents.isel(example=slice(indices[0], indices[-1] + 1))
    return contents.isel(example=indices)


def _digest_of_contents(contents: xr.Dataset) -> str:
    """Return a digest of all variables and attributes, followed by the names of the attributes."""
    _, *names = contents.attrs.get("contents", "").split() or ["", *sorted(contents.attrs)]
    digest = blake2b(digest_size=DIGEST_SIZE)
    for name in names:
        digest.update(f"{name}={contents.attrs.get(name)}\n".encode())
    for name, variable in sorted(contents.variables.items()):
        digest.update(f"{name}{variable.dims}{variable.shape}\n".encode())
        values = variable.values
        if values.dtype.kind in "iufb":
            digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
        else:
            digest.update("\0".join(map(str, values.ravel().tolist())).encode())
    return " ".join([digest.hexdigest(), *names])


def _seal_again(path: Path) -> bool:
    """Seal a file that has lost its seal but not its contents; return whether it is such a file.

    HDF5 cuts off everything after its own data when a file is opened for writing, as some viewers
    do.
    """
    whole = path.read_bytes()
    if not whole.startswith(HDF5) or whole[-SEAL_SIZE:].startswith(MARK):
        return False
    try:
        with xr.open_dataset(io.BytesIO(whole), engine="h5netcdf", chunks=None) as contents:
            is_same = _digest_of_contents(contents) == contents.attrs.get("contents")
    except Exception:  # HDF5 and xarray raise many types of errors on damaged files
        return False
    if is_same:
        log.warning("%s lost its checksum when a program opened it for writing; restoring it", path)
        # If it cannot be written, the next reader verifies the contents again.
        with suppress(InputError):
            write_sealed(path, whole)
    return is_same


def _chunk_sizes(variable: xr.Variable, chunks: Mapping[str, int] | None) -> dict:
    if not chunks or not set(chunks) <= set(variable.dims):
        return {}
    sizes = (min(size, chunks.get(dim, size)) for dim, size in variable.sizes.items())
    return {"chunksizes": tuple(sizes)}


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files left by killed processes of this machine, see ``LEFT_AFTER``."""
    for left in path.parent.glob(f".{path.name}.{platform.node()}.*"):
        with suppress(FileNotFoundError):  # Another process may finish or remove it.
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                left.unlink()


@contextmanager
def _intact(path: Path, kind: str) -> Iterator[None]:
    """Verify the checksum of a file that is read in the block; name errors of the file system."""
    try:
        if not _is_whole(path) and not _seal_again(path):
            raise _problem_of(path, kind)
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read {because(error, 'make it readable')}") from error


def _problem_of(path: Path, kind: str) -> InputError:
    """Return the error for a file whose checksum is missing or wrong.

    Only for what the workflow writes itself is it a DamagedError, whose message says to delete the
    file; the command line renames such a file in results. Any other file may be the only copy of
    something.
    """
    whole = path.read_bytes()
    is_ours = MARK in whole[-SEAL_SIZE:]
    # Among the attributes, which are near the start, are the versions of libraries.
    is_ours = is_ours or (whole.startswith(HDF5) and b"created-equal" in whole)
    if OUTPUT.search(path.absolute().as_posix()) and (is_ours or not _is_netcdf(whole)):
        return DamagedError(
            f"{path} is damaged (cut short, or its checksum is wrong) or not a {kind} file "
            f"of created-equal; {DELETE}"
        )
    if is_ours:
        return InputError(
            f"{path} is damaged (cut short, or its checksum is wrong); replace it by an intact "
            "copy, or write it again."
        )
    return InputError(f"{path} is not a {kind} file of created-equal; give the path of one.")


def _is_netcdf(whole: bytes) -> bool:
    try:
        xr.open_dataset(io.BytesIO(whole), chunks=None).close()
    except Exception:  # As in ``_seal_again``.
        return False
    return True


def _is_whole(path: Path) -> bool:
    """Return whether a file ends with the seal of all bytes before it."""
    digest = blake2b(digest_size=DIGEST_SIZE)
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size - SEAL_SIZE
        for start in range(0, length, BYTES_AT_ONCE):
            digest.update(file.read(min(BYTES_AT_ONCE, length - start)))
        return length > 0 and file.read() == MARK + digest.digest()
