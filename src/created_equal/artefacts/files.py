"""Artefacts on disk: NetCDF-4 files that are whole or absent, and that say where they came from."""

import io
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

import numpy as np
import xarray as xr

from created_equal.errors import DELETE, DamagedError, InputError

SPLITS = ("train", "test")
# The last bytes of an artefact: this mark and a digest of all before it, which HDF5 ignores.
MARK = b"created-equal blake2b "
DIGEST_SIZE = 32
NO_CHUNKS: Mapping[str, int] = MappingProxyType({})
VERSIONED = ("created-equal", "numpy", "scipy", "scikit-learn", "torch", "torchvision")


def canonical(definition: Mapping | list) -> str:
    """Return a definition as JSON that is equal for equal definitions."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"))


def versions() -> dict[str, str]:
    """Return the versions of the libraries that results depend on, of those installed."""
    found = {}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_artefact(
    contents: xr.Dataset,
    path: Path,
    kind: str,
    definition: Mapping,
    chunks: Mapping[str, int] = NO_CHUNKS,
) -> None:
    """Write ``contents`` to ``path`` so that ``path`` is whole or absent at any moment.

    There is no time stamp inside: equal contents give equal bytes.

    Args:
        contents: what is written; its attributes are kept beside those added here.
        path: where; missing folders are made.
        kind: ``"dataset"``, ``"predictions"`` or ``"scores"``.
        definition: all that the contents follow from, as plain JSON types.
        chunks: variables that have all of these dimensions are compressed in chunks of at most so
            much along each, and whole along their others; what of a file can be read by itself is a
            chunk. HDF5 chooses those of all other variables.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    contents = contents.assign_attrs(
        artefact=kind,
        definition=canonical(definition),
        versions=canonical(versions()),
    )
    if "example_split" in contents:
        codes = np.asarray(contents["example_split"].values == "test", dtype=np.int8)
        contents = contents.assign_coords(
            example_split=("example", codes, {"meaning": "0 = train, 1 = test"})
        )
    encoding = {
        name: {"zlib": True, "complevel": 2, "shuffle": True, **_chunk_sizes(variable, chunks)}
        for name, variable in contents.variables.items()
        if variable.ndim and variable.dtype.kind in "iufb" and variable.size
    }
    # Into memory first: HDF5 can crash the process when a disk is full.
    write_sealed(path, contents.to_netcdf(engine="h5netcdf", encoding=encoding))


def write_sealed(path: Path, octets: bytes) -> None:
    """Write bytes with a digest behind them, so that ``path`` is whole or absent at any moment.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    write_whole(path, octets, MARK + blake2b(octets, digest_size=DIGEST_SIZE).digest())


def read_sealed(path: Path, kind: str) -> bytes:
    """Return the bytes that ``write_sealed`` wrote, once they are found to be those.

    Raises:
        InputError: they are missing or unreadable.
        DamagedError: they are others.
    """
    with _open_sealed(path, kind) as (file, length):
        return file.read(length)


def write_whole(path: Path, *parts: bytes) -> None:
    """Write bytes one after the other, so that ``path`` is whole or absent at any moment.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    path = Path(path)
    if link := dead_link(path.parent):
        raise InputError(link)
    beside = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        with beside.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror or error}); make room or make the folder "
            "writable, and run again: what was finished before is kept."
        ) from error
    finally:
        # Not unlink(missing_ok=True), which fails where a file stands in a folder's place.
        if beside.is_file():
            beside.unlink()


def open_artefact(path: Path, kind: str) -> xr.Dataset:
    """Open an artefact lazily, once all its bytes are found to be those that were written.

    Close it, or use it in a ``with`` block.

    Raises:
        InputError: it is missing, unreadable, or not of this kind.
        DamagedError: its bytes are others, or no artefact's.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path} does not exist; build it with snakemake, or with the command that makes "
            f"{kind} files (see created-equal --help)."
        )
    with _open_sealed(path, kind):
        contents = xr.open_dataset(path, engine="h5netcdf", chunks=None)
    if contents.attrs.get("artefact") != kind:
        contents.close()
        raise InputError(f"{path} is not a {kind} file of created-equal; give the path of one.")
    if "example_split" in contents.coords:
        codes = contents["example_split"].values
        contents = contents.assign_coords(
            example_split=("example", np.array(SPLITS)[codes.astype(np.int64)])
        )
    return contents


def load_artefact(path: Path, kind: str) -> xr.Dataset:
    """Read a whole artefact into memory; raises as ``open_artefact``."""
    with open_artefact(path, kind) as contents:
        return contents.load()


def definition_of(contents: xr.Dataset) -> dict:
    """Return the definition that an artefact carries."""
    return json.loads(contents.attrs["definition"])


def of_split(contents: xr.Dataset, split: str) -> xr.Dataset:
    """Return the examples of one split, ``"train"`` or ``"test"``, see ``at_places``."""
    return at_places(contents, np.flatnonzero(contents["example_split"].values == split))


def at_places(contents: xr.Dataset, places: np.ndarray) -> xr.Dataset:
    """Return the examples in these places of the example axis, (example,) integers.

    Where they follow one another, as in a data set from which nothing was moved, nothing is copied.
    """
    if places.size and (np.diff(places) == 1).all():
        return contents.isel(example=slice(places[0], places[-1] + 1))
    return contents.isel(example=places)


def dead_link(path: Path) -> str | None:
    """Return a sentence if a path, or a folder on the way to it, is a link to what is not there."""
    # A folder that may not be searched is reported by the code that reads it.
    with suppress(PermissionError):
        for each in (path, *path.parents):
            if each.is_symlink() and not each.exists():
                return (
                    f"{each} is a link to {each.readlink()}, which is not there; mount it or mend "
                    "the link."
                )
    return None


def _chunk_sizes(variable: xr.Variable, chunks: Mapping[str, int]) -> dict:
    if not chunks or not set(chunks) <= set(variable.dims):
        return {}
    sizes = (min(size, chunks.get(dim, size)) for dim, size in variable.sizes.items())
    return {"chunksizes": tuple(sizes)}


def _remove_leftovers(path: Path) -> None:
    """Remove what writers of a file that were killed left beside it.

    Those of other machines are left: whether they still write cannot be known here.
    """
    for left in path.parent.glob(f".{path.name}.{platform.node()}.*"):
        if not Path("/proc", left.suffix[1:]).exists():
            left.unlink(missing_ok=True)


@contextmanager
def _open_sealed(path: Path, kind: str) -> Iterator[tuple[io.BufferedReader, int]]:
    """Open a sealed file, at the first of its bytes before the seal, and say how many they are."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END) - len(MARK) - DIGEST_SIZE
            if not _is_whole(file, length):
                raise DamagedError(
                    f"{path} is damaged (cut short, or its checksum is wrong) or no {kind} file of "
                    f"created-equal; {DELETE}"
                )
            file.seek(0)
            yield file, length
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); make it readable."
        ) from error


def _is_whole(file: io.BufferedReader, length: int) -> bool:
    """Return whether behind the first ``length`` bytes of a file there is their seal."""
    if length <= 0:
        return False
    file.seek(length)
    return file.read() == MARK + _digest(file, length)


def _digest(file: io.IOBase, length: int) -> bytes:
    """Return a digest of the first ``length`` bytes of a file."""
    digest = blake2b(digest_size=DIGEST_SIZE)
    file.seek(0)
    while length > 0:
        octets = file.read(min(length, 2**20))
        if not octets:
            break
        digest.update(octets)
        length -= len(octets)
    return digest.digest()
