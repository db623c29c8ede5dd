"""The recorder: three lines in a training loop that save the predictions of a network."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import xarray as xr

from created_equal.artefacts import (
    SPLITS,
    add_images,
    definition_of,
    fingerprint,
    join_predictions,
    make_examples,
    make_predictions,
    mean_by_split,
    open_dataset,
    read_predictions,
    seal_of,
    write_dataset,
    write_predictions,
)
from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.recorder import own_pass
from created_equal.recorder.outputs import (
    as_array,
    class_numbers,
    log_probability,
    margins,
    may_be_probabilities,
    read_outputs,
    sum_to_one,
    true_probabilities,
)

KEPT = {"margin": margins, "true_probability": true_probabilities}
NOT_YET = -1
NOT_TEXT = re.compile("[\0\ud800-\udfff]")  # HDF5 refuses these.

log = logging.getLogger(__name__)


class _Epoch:
    """The predictions of an epoch so far."""

    def __init__(self, number: int, examples: int, keep: Iterable[str]):
        self.number = number
        self.predicted = np.full(examples, NOT_YET, dtype=np.int32)
        # A batch of logits may look like probabilities, so as long as all outputs do, values are
        # kept for both cases: (2, example), those of logits first.
        self.may_be_probabilities = True
        self.sums_to_one = np.zeros(examples, dtype=bool)
        # Minus the log-probability of its label, NaN where only the predicted label is known.
        self.loss = np.full((2, examples), np.nan)
        self.kept = {name: np.full((2, examples), np.nan, dtype=np.float16) for name in keep}

    @property
    def are_probabilities(self) -> bool:
        """Whether the outputs of the complete epoch are probabilities."""
        have_values = ~np.isnan(self.loss[0])
        return self.may_be_probabilities and 2 * self.sums_to_one.sum() > have_values.sum()

    @property
    def missing(self) -> np.ndarray:
        """The places of the examples without a prediction, (missing example,)."""
        return np.flatnonzero(self.predicted == NOT_YET)


class Recorder:
    """Records one network's predictions, epoch by epoch, in a predictions file.

    ``FOLDER/0007.nc``, for network 7, is written atomically after each complete epoch. A run that
    is killed leaves the file of its last complete epoch, and the next recorder of this network
    resumes from there. All networks of an ensemble are recorded in one folder, by any number of
    processes; ``created-equal score FOLDER`` turns it into scores, figures and pages. If several
    processes train one network together, only the first one records.

        with Recorder("predictions", network=seed, labels=labels, classes=names) as recorder:
            recorder.evaluate(0, model, loaders)
    """

    def __init__(
        self,
        folder: str | Path,
        network: int,
        labels: Mapping[str, Sequence[int]],
        classes: Sequence[str] | int,
        *,
        ids: Mapping[str, Sequence] | None = None,
        images: Mapping[str, np.ndarray] | None = None,
        definition: Mapping | None = None,
        keep: Iterable[str] = (),
    ):
        """Begin a network's file, or resume an existing one.

        Args:
            folder: the ensemble's folder, which is created if it is missing.
            network: the network's number, 0 or more, usually its seed.
            labels: the label 0..K-1 of each example, by split: ``"train"``, ``"test"``.
            classes: the names of the K classes, two or more, in order; or K.
            ids: the names of the examples of each split, unique within the split; by default their
                positions 0, 1, ...
            images: uint8 (example, height, width, channel) by split, with 1 or 3 channels or
                without that axis; they are saved once, as ``FOLDER/dataset.nc``.
            definition: the settings that the networks of the ensemble have in common (architecture,
                learning rate, ...), in types that JSON has. Networks with different definitions are
                not scored together.
            keep: additional values to save for each example, in half precision (2 bytes):
                ``"margin"``, the logit of its label minus the largest other one, or
                ``"true_probability"``, the probability of its label.

        Raises:
            InputError: an argument does not fit the others, or the existing file.
        """
        names = _class_names(classes)
        is_number = isinstance(network, int | np.integer) and not isinstance(network, bool)
        if not is_number or not 0 <= network < 2**63:
            raise InputError(f"network is {network!r}; give its number, from 0 to 2^63 - 1.")
        keep = {keep} if isinstance(keep, str) else set(keep)
        self.network, self._keep = int(network), sorted(keep)
        if unknown := keep - KEPT.keys():
            raise InputError(f"keep has {min(unknown)!r}; it may have {' and '.join(KEPT)}.")
        # Training may change the working directory.
        self.path = Path(folder).expanduser().absolute() / f"{self.network:04d}.nc"
        self._definition = {"recorded": _as_json(definition), "classes": names}
        for name, given in {"labels": labels, "ids": ids, "images": images}.items():
            if given is not None or name == "labels":
                _refuse_unless_by_split(name, given)
        self._examples = _examples(labels, names)
        split_of = self._examples["example_split"].values
        self._places = {split: np.flatnonzero(split_of == split) for split in labels}
        for name, given in {"ids": ids or {}, "images": images or {}}.items():
            if unknown := [split for split in given if split not in self._places]:
                raise InputError(
                    f"{name} has the split {unknown[0]!r}, but labels are of {_and(labels)}; name "
                    "the splits as in labels."
                )
        self._ids = {split: _index(each, split) for split, each in (ids or {}).items()}
        for split, index in self._ids.items():
            if len(index) != len(self._places[split]):
                raise InputError(
                    f"ids has {len(index)} examples of {split}, but labels has "
                    f"{len(self._places[split])}; give as many."
                )
        self._current: _Epoch | None = None  # It may be complete, and in the file.
        self._recorded, self._seal = None, None  # what this recorder read or wrote last
        if self.path.exists():
            self._recorded, self._seal = self._read(), seal_of(self.path)
        self._has_recorded = False  # in this run
        self._warned: set[str] = set()  # splits
        if images is not None and own_pass.is_first_process():
            self._write_images(images)

    @property
    def epochs(self) -> list[int]:
        """The epochs that are in the file."""
        return [] if self._recorded is None else self._recorded["epoch"].values.tolist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type | None, *_: object) -> None:
        if error is None:
            self._end_epoch()

    def evaluate(
        self,
        epoch: int,
        model: object,
        loaders: Mapping[str, Iterable],
        predict: Callable | None = None,
    ) -> None:
        """Record the predictions of a torch module for all examples, in a separate pass.

        The pass is in eval mode and without gradients, and restores modes and random states, so it
        does not change the training. Examples are identified by their positions in the loader, or
        by ids, if each batch has them as its third part.

        Args:
            epoch: the number of epochs for which the model has been trained; 0 if untrained.
            model: it is called with the inputs of each batch, and returns logits.
            loaders: by split, batches (inputs, labels) or (inputs, labels, ids), or mappings with
                ``labels`` and optionally ``ids``, in the order of the examples and without
                augmentation. Labels are compared with those of the recorder. Each loader is
                iterated again for every epoch.
            predict: if given, ``predict(model, batch)`` returns the logits of a batch instead.

        Raises:
            InputError: a loader shuffles, lacks an example, or has other labels, see ``record``; or
                the model is sharded (FSDP).
        """
        model = own_pass.without_distribution(model)
        if not own_pass.is_first_process():
            return
        _refuse_unless_by_split("loaders", loaders)
        if loaders.keys() != self._places.keys():
            raise InputError(
                f"there are loaders of {_and(loaders)}, but labels of {_and(self._places)}; give a "
                "loader for each."
            )
        self._begin(epoch)  # Loaders that are used up have no batch that would begin it.
        with own_pass.undisturbed(model, *loaders.values()):
            for split, loader in loaders.items():
                place, keeps_order = 0, own_pass.keeps_order(loader)
                for found, labels, ids in own_pass.outputs_of(model, loader, predict):
                    outputs = as_array(found)
                    size = len(outputs) if outputs.ndim else 0  # _record refuses a single value.
                    if ids is None and keeps_order is False:
                        raise InputError(
                            f"loaders[{split!r}] shuffles, so predictions cannot be matched with "
                            "examples; give one that does not, or ids as the third part of "
                            "each batch."
                        )
                    names = range(place, place + size) if ids is None else ids
                    place += size
                    places = self._find(split, names, by_position=ids is None)
                    are_checked = self._check_labels(split, places, labels)
                    if ids is None and not are_checked and keeps_order is None:
                        self._warn_of_order(split)
                    self._record(epoch, split, places, outputs)
        self._end_epoch()

    def record(self, epoch: int, split: str, ids: Sequence | None, outputs: object) -> None:
        """Record the network's outputs for some examples, batch by batch or all at once.

        The file is written when an epoch has all examples of all splits. An example that comes
        twice with the same predicted label, as in the last batches of distributed training, is
        recorded once.

        Args:
            epoch: the number of epochs for which the network has been trained, ascending; 0 if
                untrained.
            split: ``"train"`` or ``"test"``.
            ids: the ids or positions of the examples; None for all of the split, in order.
            outputs: logits or probabilities (example, class), or predicted labels (example,), as a
                tensor, an array or a list. They are probabilities if all those of an epoch are from
                0 to 1 and most sum to 1 (within 0.01); they are then divided by their sums.

        Raises:
            InputError: the last epoch lacks an example; or an example is unknown, or has two
                different labels; or the outputs have another shape or type, or are not finite;
                or the file has been changed meanwhile, as by another recorder.
        """
        if not own_pass.is_first_process():
            return
        if split not in self._places:
            raise InputError(f"there is no split {split!r}; name {_and(self._places)}.")
        places = self._places[split] if ids is None else self._find(split, ids)
        self._record(epoch, split, places, outputs)

    def _record(self, epoch: int, split: str, places: np.ndarray, outputs: object) -> None:
        where = f"network {self.network}, epoch {epoch}, {split}:"
        current = self._begin(epoch)
        found = read_outputs(outputs, len(self._definition["classes"]), where)
        if len(found.predicted) != len(places):
            raise InputError(
                f"{where} there are outputs for {len(found.predicted)} examples, but ids for "
                f"{len(places)}; give one for each."
            )
        if self._keep and found.values is None:
            raise InputError(
                f"{where} keep requests {self._keep[0]}, which labels alone do not have; give "
                "logits."
            )
        is_new = current.predicted[places] == NOT_YET
        current.predicted[places[is_new]] = found.predicted[is_new]
        differs = current.predicted[places] != found.predicted
        if differs.any():
            place, other = places[differs][0], int(found.predicted[differs][0])
            raise InputError(
                f"{self._name(place)} has two predictions after epoch {epoch} of network "
                f"{self.network}, {current.predicted[place]} and {other}; give each example once."
            )
        if found.values is not None:
            labels = self._examples["label"].values[places]
            current.may_be_probabilities &= may_be_probabilities(found.values)
            current.sums_to_one[places] = sum_to_one(found.values)
            for case in (0, 1) if current.may_be_probabilities else (0,):
                of_classes = log_probability(found.values, bool(case))
                current.loss[case, places] = -of_classes[np.arange(len(places)), labels]
                for name, kept in current.kept.items():
                    kept[case, places] = KEPT[name](of_classes, labels)
        self._save(current)

    def _begin(self, epoch: int) -> _Epoch:
        """Return the predictions of an epoch so far, after checking that it may come now."""
        if self._current is not None and self._current.number == epoch:
            return self._current
        is_number = isinstance(epoch, int | np.integer) and not isinstance(epoch, bool)
        if not is_number or not 0 <= epoch < 2**63:
            raise InputError(f"epoch is {epoch!r}; give a whole number, 0 if untrained.")
        self._end_epoch()
        earlier = [each for each in self.epochs if each < epoch]
        if later := self.epochs[len(earlier) :]:
            if self._has_recorded or not earlier:
                raise InputError(
                    f"epoch {epoch} of network {self.network} comes after epoch {later[-1]}, which "
                    f"{self.path} has; record epochs in ascending order, or delete the file to "
                    "record the network from the start."
                )
            log.warning(
                "network %d resumes after epoch %d: its epochs %d to %d in %s are replaced",
                *(self.network, earlier[-1], later[0], later[-1], self.path),
            )
            self._recorded = self._recorded.sel(epoch=earlier)
        if earlier and not self._has_recorded:
            self._warn_of_gap(earlier, epoch)
        self._has_recorded = True
        self._current = _Epoch(int(epoch), self._examples.sizes["example"], self._keep)
        return self._current

    def _warn_of_gap(self, earlier: Sequence[int], epoch: int) -> None:
        """Warn if a run that resumes with an epoch skips some, at the steps of earlier ones."""
        step = max((b - a for a, b in pairwise(earlier)), default=1)
        if missing := range(earlier[-1] + step, epoch, step):
            log.warning(
                "network %d resumes with epoch %d, but the last in %s is %d, so %d are missing; "
                "resume from an earlier checkpoint to record them",
                *(self.network, epoch, self.path, earlier[-1], len(missing)),
            )

    def _save(self, current: _Epoch) -> None:
        """Add an epoch to the file, unless it is incomplete or there already."""
        if len(current.missing) or current.number in self.epochs:
            return
        splits = self._examples["example_split"].values
        is_right = current.predicted == self._examples["label"].values
        case = int(current.are_probabilities)
        accuracy, loss = (mean_by_split(each, splits) for each in (is_right, current.loss[case]))
        found = make_predictions(
            current.predicted[None, None],
            accuracy[None, None],
            loss[None, None],
            [self.network],
            self._examples,
            [current.number],
        )
        axes = ("network", "epoch", "example")
        kept = {name: (axes, of[None, None, case]) for name, of in current.kept.items()}
        found = found.assign(kept)
        found["class_name"] = self._examples["class_name"]
        if self._ids:
            found["example_name"] = "example", self._names()
        if self.epochs:
            found = join_predictions([self._recorded, found], "epoch")
        if seal_of(self.path) not in (None, self._seal):
            raise InputError(
                f"{self.path} has changed since this recorder read or wrote it, probably because "
                f"another process records network {self.network} too; give each training its own "
                "number or folder, and record in one of its processes only."
            )
        write_predictions(found, self.path, self._definition)
        self._recorded, self._seal = found, seal_of(self.path)

    def _read(self) -> xr.Dataset:
        """Return the contents of the file, after checking that it is of the same network."""
        found = read_predictions(self.path)
        definition = definition_of(found)
        names = found["example_name"].values if "example_name" in found else []
        same = {
            "definition": definition.get("recorded") == self._definition["recorded"],
            "classes": definition.get("classes") == self._definition["classes"],
            "labels": all(
                np.array_equal(found[name].values, self._examples[name].values)
                for name in ("label", "example_split")
            ),
            "ids": np.array_equal(names, self._names() if self._ids else []),
            "keep": self._keep == [name for name in sorted(KEPT) if name in found],
        }
        if differing := [name for name, is_same in same.items() if not is_same]:
            raise InputError(
                f"{self.path} was recorded with other {_and(differing)}; give the same, or record "
                "into another folder."
            )
        return found

    def _write_images(self, images: Mapping[str, np.ndarray]) -> None:
        path = self.path.with_name("dataset.nc")
        sizes = {split: len(each) for split, each in self._places.items()}
        dataset = add_images(self._examples, _pixels(images, sizes))
        if path.exists():
            with open_dataset(path) as found:
                if fingerprint(found) == fingerprint(dataset):
                    return
            raise InputError(
                f"{path} has other images or labels; give the same, or record into another folder."
            )
        write_dataset(dataset, path, self._definition)

    def _find(self, split: str, ids: Sequence, by_position: bool = False) -> np.ndarray:
        """Return the places of examples on the example axis, (example,) int64."""
        places, index = self._places[split], self._ids.get(split)
        ids = _as_ids(ids).ravel().tolist()
        if index is None or by_position:
            found = [each if each in range(len(places)) else None for each in ids]
        else:
            found = [index.get(each) for each in ids]
        if None in found:
            known = f"0 to {len(places) - 1}" if index is None else "as in ids"
            raise InputError(
                f"{split} has no example {ids[found.index(None)]!r}: those of labels[{split!r}] "
                f"are {known}; give only these."
            )
        return places[np.array(found, dtype=np.int64)]

    def _check_labels(self, split: str, places: np.ndarray, labels: object | None) -> bool:
        """Refuse labels of a batch that are not ours; return whether they can be compared."""
        names = self._definition["classes"]
        labels = None if labels is None else class_numbers(labels, names)
        if labels is None or labels.shape != places.shape:
            return False
        differs = labels != self._examples["label"].values[places]
        if differs.any():
            place = places[differs][0]
            raise InputError(
                f"{self._name(place)} has the label {labels[differs][0]} in loaders[{split!r}], "
                f"but {self._examples['label'].values[place]} in labels[{split!r}]; give a loader "
                "that does not shuffle, or ids as the third part of each batch."
            )
        return True

    def _warn_of_order(self, split: str) -> None:
        if split not in self._warned:
            self._warned.add(split)
            log.warning(
                "the order of loaders[%r] cannot be checked, because its batches have no labels "
                "that can be compared with ours: if it shuffles, give ids as the third part of "
                "each batch",
                split,
            )

    def _end_epoch(self) -> None:
        """End the current epoch, if there is one; refuse it if it lacks examples."""
        if (current := self._current) is None:
            return
        self._save(current)  # Writing it may have failed before.
        self._current = None
        missing = current.missing
        if not len(missing):
            return
        more = f" (nor have {len(missing) - 1} others)" if len(missing) > 1 else ""
        raise InputError(
            f"{self._name(missing[0])} has no prediction after epoch {current.number} of network "
            f"{self.network}{more}; give all examples of every split after each epoch, from "
            "loaders without drop_last that can be iterated again for every epoch (not generators "
            "or zip)."
        )

    def _name(self, place: int) -> str:
        """Return the name of an example for messages: ``"example 17 of test"``."""
        split = str(self._examples["example_split"].values[place])
        position = int(np.searchsorted(self._places[split], place))
        name = list(self._ids[split])[position] if split in self._ids else position
        return f"example {name} of {split}"

    def _names(self) -> np.ndarray:
        """Return the ids of all examples as text, (example,); "" in a split without ids."""
        names = np.full(self._examples.sizes["example"], "", dtype=object)
        for split, index in self._ids.items():
            names[self._places[split]] = [str(each) for each in index]
        return names


def _class_names(classes: Sequence[str] | int) -> list[str]:
    if isinstance(classes, int | np.integer):
        classes = range(classes)
    # A set has another order in every process.
    no_order = str | Mapping | set | frozenset
    if isinstance(classes, no_order) or not isinstance(classes, Iterable):
        raise InputError(
            f"classes is {classes!r}; give the names of the classes in order, or their number."
        )
    names = [str(each) for each in classes]
    if len({*names}) < len(names):
        raise InputError("classes has a name twice; give each class a name of its own.")
    if len(names) < 2:
        raise InputError(f"there are too few classes ({len(names)}); give at least two.")
    _refuse_unless_text("classes", names)
    return names


def _examples(labels: Mapping[str, Sequence[int]], names: Sequence[str]) -> xr.Dataset:
    """Return the example axis, train before test, and the labels on it; see ``label_examples``."""
    if not labels or labels.keys() - set(SPLITS):
        raise InputError(
            f"labels are of {_and(labels) or 'nothing'}; give those of train and test, or of one "
            "of them."
        )
    parts = {split: as_array(labels[split]) for split in SPLITS if split in labels}
    for split, part in parts.items():
        is_label = part.ndim == 1 and len(part) and part.dtype.kind in "iu"
        if not is_label or not 0 <= part.min() <= part.max() < len(names):
            raise InputError(
                f"labels[{split!r}] are not labels (example,) from 0 to {len(names) - 1}, the "
                f"{len(names)} classes; give the number of each example's class."
            )
    together = np.concatenate(list(parts.values()))
    sizes = [len(part) for part in parts.values()]
    is_test = np.repeat([split == "test" for split in parts], sizes)
    return make_examples(together, np.arange(len(together)), is_test, names)


def _refuse_unless_by_split(name: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise InputError(
            f"{name} is of the type {type(given).__name__}; give a mapping from each split to its "
            f"{name}, for example {{'test': ...}}."
        )


def _refuse_unless_text(where: str, names: Iterable) -> None:
    if unfit := [name for name in map(str, names) if NOT_TEXT.search(name)]:
        raise InputError(
            f"{where} has {unfit[0]!r}, with a character (NUL or half of a surrogate pair) that "
            "files cannot have; rename it."
        )


def _pixels(images: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> np.ndarray:
    """Return the images of all splits, (example, height, width, channel)."""
    parts = []
    for split in (each for each in SPLITS if each in sizes):
        part = as_array(images.get(split, ()))
        part = part[..., None] if part.ndim == 3 else part
        if part.dtype != np.uint8 or part.ndim != 4 or part.shape[-1] not in (1, 3):
            raise InputError(
                f"images[{split!r}] have the shape {part.shape} ({part.dtype}); give (example, "
                "height, width, channel) uint8 from 0 to 255, with 1 or 3 channels."
            )
        if len(part) != sizes[split]:
            raise InputError(
                f"there are {len(part)} images[{split!r}], but {sizes[split]} labels; give as many."
            )
        parts.append(part)
    if len({part.shape[1:] for part in parts}) > 1:
        raise InputError("train and test images have different shapes; give images of one shape.")
    return np.concatenate(parts)


def _as_ids(ids: Sequence) -> np.ndarray:
    # Together with smaller ones, numpy would make floats of numbers above 2^63, such as hashes.
    if isinstance(ids, list | tuple) and all(type(each) is int for each in ids):
        return np.array(ids, dtype=object)
    return as_array(ids)


def _index(ids: Sequence, split: str) -> dict:
    """Return the position of each id, as a dict, which finds equal numbers of any type."""
    given = _as_ids(ids)
    names = given.tolist()
    if given.ndim != 1 or None in names:
        raise InputError(f"ids[{split!r}] are not all numbers or text; give each example one.")
    _refuse_unless_text(f"ids[{split!r}]", names)
    index = {name: position for position, name in enumerate(names)}
    if len(index) < len(names):
        double = next(name for position, name in enumerate(names) if index[name] != position)
        raise InputError(f"ids[{split!r}] has {double!r} twice; give each example its own.")
    return index


def _as_json(definition: Mapping | None) -> dict:
    try:
        return json.loads(canonical(dict(definition or {})))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"definition cannot be saved as JSON ({error}); give numbers, text, lists and mappings."
        ) from error


def _and(names: Iterable[str]) -> str:
    return " and ".join(map(str, names))
