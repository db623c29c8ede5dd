"""The folder of an ensemble's predictions, in which no trained network is lost.

    0000-0004.nc              the predictions of a job's networks, the file that Snakemake knows
    kept/0000-0004.nc         the same file under a second name
    unfinished/0000-0002.nc   a part: networks that a running or stopped job has finished
    unfinished/0003.pt        a checkpoint: a network that is not finished

A job saves networks that it trained together as a part, as soon as they are finished. When it has
all of its networks, it collects them in its own file: if one part has exactly these networks, the
file is a second name (a hard link) of that part, otherwise the networks are copied.

Snakemake deletes a job's file before it runs the job again, and when the job has failed. Therefore
every file gets a second name in ``kept``, which Snakemake does not know and which takes no space:
networks whose file was deleted are still found there. Parts are removed only then, and only if all
of their networks are in files with two names, because another job may still need them.

Other jobs may do the same in this folder at any time. Every file is complete or absent, since it is
written under another name and then renamed. Networks move from parts to ``kept`` and to the job's
file; a search in that order misses none that is moved meanwhile.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import xarray as xr

from created_equal.artefacts import (
    canonical,
    definition_of,
    open_predictions,
    read_predictions,
    write_predictions,
)
from created_equal.errors import InputError

log = logging.getLogger(__name__)


class PredictionsFolder:
    """The networks of one definition in the folder of an ensemble's predictions.

    Files of other definitions may be there too: they are neither found nor removed.

    Args:
        path: the folder, which need not exist.
        definition: all that determines the networks, see ``networks_definition``.
    """

    def __init__(self, path: Path, definition: Mapping):
        self.definition = definition
        self._path, self._unfinished, self._kept = path, path / "unfinished", path / "kept"

    def find(self) -> dict[int, Path]:
        """Return the networks that are finished: seed -> file. Damaged files are skipped."""
        found = {}
        for path in self._files():
            try:
                found |= dict.fromkeys(self._seeds_in(path), path)
            except InputError as error:
                log.warning("%s It is skipped.", error)
        return found

    def checkpoint(self, seed: int) -> Path:
        """Return the path of a network's checkpoint."""
        return self._unfinished / f"{seed:04d}.pt"

    def write_part(self, predictions: xr.Dataset) -> Path:
        """Write the predictions of networks that were trained together, and return the file."""
        seeds = predictions["network"].values
        # Both ends, because another job may train some of these networks with others.
        ends = sorted({seeds[0], seeds[-1]})
        path = self._unfinished / f"{'-'.join(f'{seed:04d}' for seed in ends)}.nc"
        write_predictions(predictions, path, self.definition)
        return path

    def collect(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        """Make the file of a job from the files that have its networks, and remove its parts.

        Args:
            seeds: the job's networks.
            found: the file of each.
            output: the job's file.
        """
        if {found[seed] for seed in seeds} != {output}:
            try:
                self._link_or_copy(seeds, found, output)
            except (InputError, KeyError):
                # Another job of these networks has collected them and removed the parts meanwhile,
                # or has written others in their place.
                self._copy(seeds, self.find(), output)
        if _link(output, self._kept / output.name):
            self._remove_parts(set(seeds))

    def _link_or_copy(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        first, *others = {found[seed] for seed in seeds}
        is_whole = not others and self._seeds_in(first) == list(seeds)
        if output.exists() or not is_whole or not _link(first, output):
            self._copy(seeds, found, output)

    def _copy(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        parts = []
        for path in dict.fromkeys(found[seed] for seed in seeds):
            of_part = [seed for seed in seeds if found[seed] == path]
            parts.append(read_predictions(path).sel(network=of_part))
        copied = xr.concat(
            parts,
            dim="network",
            data_vars="minimal",
            coords="minimal",
            compat="override",
            join="exact",
            combine_attrs="override",
        )
        precisions = sorted(set(copied["precision"].values.tolist()))
        if len(precisions) > 1:
            log.warning("%s has networks that were trained in %s", output, " and ".join(precisions))
        write_predictions(copied.sortby("network"), output, self.definition)

    def _remove_parts(self, seeds: set[int]) -> None:
        """Remove parts with some of these networks, if all of their networks are in kept files."""
        for path in self._unfinished.glob("*.nc"):
            # Another job may write or remove it at this moment.
            with suppress(InputError):
                of_part = set(self._seeds_in(path))
                if of_part & seeds and of_part <= seeds | self._kept_seeds(of_part - seeds):
                    path.unlink(missing_ok=True)

    def _kept_seeds(self, wanted: set[int]) -> set[int]:
        """Return which of some networks are in files with two names."""
        if not wanted:
            return set()
        return {
            seed
            for seed, path in self.find().items()
            if seed in wanted and (path.parent == self._kept or self._is_kept(path))
        }

    def _files(self) -> Iterator[Path]:
        """Yield all files with networks, in the order in which networks move through them."""
        yield from sorted(self._unfinished.glob("*.nc"))
        for path in sorted(self._kept.glob("*.nc")):
            if not self._is_kept(self._path / path.name):
                yield path
        yield from sorted(self._path.glob("*.nc"))

    def _is_kept(self, output: Path) -> bool:
        """Whether a job's file has its second name."""
        kept = self._kept / output.name
        return output.exists() and kept.exists() and kept.samefile(output)

    def _seeds_in(self, path: Path) -> list[int]:
        """Return the networks in a file, none if it is of another definition."""
        with open_predictions(path) as predictions:
            if canonical(definition_of(predictions)) != canonical(self.definition):
                return []
            return predictions["network"].values.tolist()


def _link(path: Path, name: Path) -> bool:
    """Hard-link ``path`` to ``name``; return whether that worked."""
    try:
        if name.exists() and name.samefile(path):
            return True
        name.parent.mkdir(exist_ok=True)
        name.unlink(missing_ok=True)
        name.hardlink_to(path)
    except OSError as error:
        log.warning("%s cannot be linked to %s (%s)", path, name, error.strerror or error)
        return False
    return True
