"""The folder of an ensemble's predictions, which never loses a trained network.

    0000-0004.nc              the output of a job: the predictions of its networks
    kept/0000-0004.nc         the same file under a second name (a hard link)
    unfinished/0000-0002.nc   a part: the finished networks of an unfinished job
    unfinished/0003_8f2a61c4_cpu_bf16.pt   the checkpoint of an unfinished network

A job saves the networks that it trained together as a part, as soon as they are finished. When it
has all of its networks, it collects them in its output: if one part has exactly these networks, the
output is a hard link to that part, otherwise the networks are copied.

Snakemake deletes a job's output before it runs the job again, and when the job fails. Therefore
every output is also linked in ``kept``, which Snakemake does not know about and which takes no
space: networks whose output was deleted are still found there. The link protects from deletion
only, because both names refer to the same bytes. A part is removed once all of its networks
are in linked outputs; until then another job may need it.

Networks of the same definition are also found in the folders of other studies, and in
``reference``; they are copied, because Snakemake changes the times of a job's output, and with them
those of a file that is linked to it.

Several jobs may work in this folder at the same time. Files are written atomically. Networks move
from parts to ``kept`` and to the output, and a search in that order misses no network that moves
during the search.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import xarray as xr

from created_equal.artefacts import (
    definition_of,
    join_predictions,
    open_predictions,
    read_predictions,
    trained_with,
    write_predictions,
)
from created_equal.definitions import canonical, short_digest
from created_equal.errors import InputError, fact_of

log = logging.getLogger(__name__)


class PredictionsFolder:
    """The networks of one definition in the folder of an ensemble's predictions.

    The folder need not exist. Files of other definitions there are neither found nor removed.
    ``others`` are folders of other ensembles that may have the same networks.
    """

    def __init__(self, path: Path, definition: Mapping, others: Sequence[Path] = ()):
        self.definition = definition
        self._others = [PredictionsFolder(other, definition) for other in others]
        self._path, self._unfinished, self._kept = path, path / "unfinished", path / "kept"

    def find(self) -> dict[int, Path]:
        """Return the finished networks: seed -> file. Damaged files are skipped."""
        found = {}
        for path in self._files():
            try:
                found |= dict.fromkeys(self._seeds_in(path), path)
            except InputError as error:
                if path.exists():  # Otherwise another job has just moved its networks.
                    log.warning("%s; it is skipped.", fact_of(error))
        return found

    def checkpoint(self, seed: int, kind: str) -> Path:
        """Return the path of a network's checkpoint in one kind of training, as ``"cpu_bf16"``.

        Networks of other definitions, such as those of a trial, have checkpoints of their own.
        """
        return self._unfinished / f"{seed:04d}_{short_digest(self.definition)}_{kind}.pt"

    def remove_checkpoints(self, seed: int) -> None:
        """Remove a finished network's checkpoints in all kinds of training."""
        for path in self._unfinished.glob(self.checkpoint(seed, "*").name):
            path.unlink(missing_ok=True)

    def write_part(self, predictions: xr.Dataset) -> Path:
        """Write the predictions of networks that were trained together; return the file."""
        seeds = predictions["network"].values
        # The name has both ends, because another job may train some of these networks with others.
        ends = sorted({seeds[0], seeds[-1]})
        name = f"{'-'.join(f'{seed:04d}' for seed in ends)}.nc"
        path = self._own_name(self._unfinished / name)
        write_predictions(predictions, path, self.definition)
        return path

    def collect(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        """Write a job's output from the files that have its networks, and remove its parts.

        ``found`` has the file of each of the job's ``seeds``.
        """
        if {found[seed] for seed in seeds} != {output}:
            try:
                self._link_or_copy(seeds, found, output)
            except (InputError, KeyError):
                # Meanwhile another job has collected these networks and removed the parts, or has
                # replaced the parts with others.
                self._copy(seeds, self.find(), output)
        if _link(output, self._own_name(self._kept / output.name)):
            self._remove_parts(set(seeds))
        # Those of a job that was killed after it had written a part.
        for seed in seeds:
            self.remove_checkpoints(seed)

    def copy_missing(self, folder: Path) -> Path | None:
        """Copy the networks that another folder lacks into one file there; return the file."""
        found, other = self.find(), PredictionsFolder(folder, self.definition)
        seeds = sorted(found.keys() - other.find().keys())
        if not seeds:
            return None
        output = other._own_name(folder / f"{seeds[0]:04d}-{seeds[-1]:04d}.nc")
        self._copy(seeds, found, output)
        return output

    def _link_or_copy(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        first, *others = {found[seed] for seed in seeds}
        is_whole = not others and self._seeds_in(first) == list(seeds)
        is_own = first.is_relative_to(self._path)
        if output.exists() or not (is_whole and is_own and _link(first, output)):
            self._copy(seeds, found, output)

    def _copy(self, seeds: Sequence[int], found: Mapping[int, Path], output: Path) -> None:
        parts = [
            read_predictions(path).sel(network=[seed for seed in seeds if found[seed] == path])
            for path in dict.fromkeys(found[seed] for seed in seeds)
        ]
        copied = join_predictions(parts, "network").assign_attrs(trained_with=trained_with(parts))
        precisions = sorted(set(copied["precision"].values.tolist()))
        if len(precisions) > 1:
            log.warning(
                "%s mixes networks that were trained in %s", output, " and ".join(precisions)
            )
        write_predictions(copied.sortby("network"), output, self.definition)

    def _remove_parts(self, seeds: set[int]) -> None:
        """Remove parts that have some of these networks, if all networks of the part are kept."""
        for path in self._unfinished.glob("*.nc"):
            # Another job may remove the part at this moment.
            with suppress(InputError):
                in_part = set(self._seeds_in(path))
                others = in_part - seeds
                if in_part & seeds and (not others or others <= self._kept_seeds()):
                    path.unlink(missing_ok=True)

    def _kept_seeds(self) -> set[int]:
        """Return the networks in files of ``kept``."""
        return {
            seed
            for seed, path in self.find().items()
            if path.parent == self._kept or self._is_kept(path)
        }

    def _files(self) -> Iterator[Path]:
        """Yield all predictions files, in the order in which networks move through them."""
        for other in self._others:
            yield from other._files()
        yield from sorted(self._unfinished.glob("*.nc"))
        for path in sorted(self._kept.glob("*.nc")):
            if not self._is_kept(self._path / path.name):
                yield path
        yield from sorted(self._path.glob("*.nc"))

    def _own_name(self, path: Path) -> Path:
        """Return a path for a file, another one if a file of another definition has it."""
        with suppress(InputError):
            if path.exists() and not self._seeds_in(path):
                return path.with_stem(f"{path.stem}_{short_digest(self.definition)}")
        return path

    def _is_kept(self, output: Path) -> bool:
        """Whether a job's output has its link in ``kept``."""
        kept = self._own_name(self._kept / output.name)
        return output.exists() and kept.exists() and kept.samefile(output)

    def _seeds_in(self, path: Path) -> list[int]:
        """Return the networks in a file, none if the file has another definition."""
        with open_predictions(path) as predictions:
            if canonical(definition_of(predictions)) != canonical(self.definition):
                return []
            return predictions["network"].values.tolist()


def _link(path: Path, name: Path) -> bool:
    """Hard-link ``path`` to ``name``; return whether that worked."""
    try:
        if name.exists() and name.samefile(path):
            return True
        name.parent.mkdir(parents=True, exist_ok=True)
        name.unlink(missing_ok=True)
        name.hardlink_to(path)
    except OSError as error:
        log.warning("%s cannot be linked to %s (%s)", path, name, error.strerror or error)
        return False
    return True
