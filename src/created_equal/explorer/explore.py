"""The page of the explorer: scores and images of an ensemble, or of two, in one HTML file."""

import base64
import gzip
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
import xarray as xr
from markupsafe import Markup

from created_equal.artefacts import (
    SPLITS,
    definition_of,
    has_images,
    iterate_epochs,
    write_atomically,
)
from created_equal.errors import InputError
from created_equal.explorer.thumbnails import Thumbnails, make_thumbnails
from created_equal.look import CSS
from created_equal.scores import (
    BLOCKS,
    bin_edges,
    extremes,
    learned_for_good,
    learning_warnings,
    majority_right,
    variability,
)
from created_equal.study import Study

HERE = Path(__file__).parent
MOST_EXAMPLES = 60_000
MOST_BYTES = 30_000_000
"""Of a page; larger ones are slow to open."""
NEVER = 2**32 - 1
"""Stands for the epoch at which an example is learned if it never is."""
TYPES = {
    "uint8": "Uint8Array",
    "uint16": "Uint16Array",
    "uint32": "Uint32Array",
    "uint64": "BigUint64Array",
    "float32": "Float32Array",
    "float64": "Float64Array",
}
"""What JavaScript calls numpy's types."""
ORDERS = {
    "accessibility": ("accessibility", "hardest", "easiest"),
    "consistency": ("consistency now", "lowest", "highest"),
    "consensus": ("consensus now", "most disputed", "most agreed"),
    "margin": ("margin now", "agreed but wrong", "agreed and right"),
    "variability": ("variability", "steadiest", "most variable"),
    "learned": ("{unit} learned", "earliest", "latest"),
}
"""What images are sorted by, in words, with the words for the lowest and the highest."""
PRESETS = {
    "easiest": {"sort": "accessibility.0", "reversed": True},
    "hardest": {"sort": "accessibility.0", "reversed": False},
    "most disputed": {"sort": "consensus.0", "reversed": False},
    "agreed but wrong": {"sort": "margin.0", "reversed": False},
}
"""What the page shows of the blocks of the gallery; reversed: the highest come first."""

log = logging.getLogger(__name__)


def write_explorer(
    study: Study,
    ensembles: Mapping[str, xr.Dataset],
    dataset: xr.Dataset,
    data_root: Path,
    path: Path,
) -> None:
    """Write a page with the images of a study and an ensemble's scores of them, or those of two.

    It shows the examples that are in both ensembles, all of them up to ``MOST_EXAMPLES`` and up to
    ``MOST_BYTES``, otherwise a selection, which it states. ``ensembles`` has the scores by name.
    If images stay in files, their folder is relative to ``data_root``; without images, thumbnails
    are blank.

    Raises:
        InputError: the ensembles have no example in common, or one has steps in place of epochs;
            the dataset lacks an example; or the page cannot be written.
    """
    if len({_unit(each) for each in ensembles.values()}) > 1:
        raise InputError(
            f"one of {' and '.join(ensembles)} is recorded after steps, the other after epochs; "
            "explore each of them alone."
        )
    names = reduce(np.intersect1d, [each["example"].values for each in ensembles.values()])
    if not len(names):
        raise InputError(
            f"{' and '.join(ensembles)} have no example in common; choose ensembles of the same "
            "dataset."
        )
    absent = np.setdiff1d(names, dataset["example"].values)
    if absent.size:
        raise InputError(
            f"the scores of {' and '.join(ensembles)} have example {absent[0]}, which the dataset "
            f"does not have; build the scores of {study.name} again from this dataset."
        )
    first, most = next(iter(ensembles.values())), MOST_EXAMPLES
    while True:
        shown = select(first, names, most)
        contents = _render(study, ensembles, dataset, data_root, names, shown)
        if len(contents) <= MOST_BYTES:
            break
        most = int(0.95 * len(shown) * MOST_BYTES / len(contents))
        size = len(contents) / 1e6
        log.info("%.1f MB for %d examples are too much for a page", size, len(shown))
    write_atomically(path, contents)
    log.info("%d examples in %.1f MB: %s", len(shown), len(contents) / 1e6, path)


def select(scores: xr.Dataset, names: np.ndarray, most: int) -> np.ndarray:
    """Return the names of the examples to show: all, or the gallery's and a random sample.

    They are ``most`` of ``names`` (example,) at most, half of them the gallery's, and ascending.
    """
    if len(names) <= most:
        return names
    each = max(1, most // (2 * len(BLOCKS) * scores.attrs["classes"]))
    places = np.concatenate([block.examples for block in extremes(scores, each)])
    chosen = np.intersect1d(scores["example"].values[places], names)
    # A counter-based order, which is the same with every version of numpy.
    words = np.random.Philox(key=0).random_raw(len(names))
    others = np.setdiff1d(names[np.argsort(words, kind="stable")], chosen, assume_unique=True)
    return np.sort(np.concatenate([chosen, others])[:most])


def _render(
    study: Study,
    ensembles: Mapping[str, xr.Dataset],
    dataset: xr.Dataset,
    data_root: Path,
    names: np.ndarray,
    shown: np.ndarray,
) -> bytes:
    """Return the page of the examples ``shown``, of all that the ensembles have, ``names``."""
    examples = dataset.sel(example=shown)
    thumbnails = make_thumbnails(examples, data_root)
    epochs = sorted(set().union(*(each["epoch"].values.tolist() for each in ensembles.values())))
    common = {"position": shown.astype(np.float64)}
    if "pixel_hash" in examples:
        common["pixel_hash"] = examples["pixel_hash"].values.astype(np.uint64)
    first = next(iter(ensembles.values()))
    texts = {"name": first.get("example_name"), "file": dataset.get("file")}
    unit = _unit(first)
    letters = "AB" if len(ensembles) > 1 else [""]
    arrays = [_arrays_of(scores, shown) for scores in ensembles.values()]
    about = [
        _about(name, study.label(name), letter, scores, epochs)
        | {"highest": float(own["fractions"].max())}
        for letter, (name, scores), own in zip(letters, ensembles.items(), arrays, strict=True)
    ]
    index, packed = _pack([common, *arrays])
    page = {
        "study": study.name,
        "classes": [str(name) for name in dataset["class_name"].values],
        "epochs": epochs,
        "unit": unit,
        "ensembles": about,
        "thumbnail": thumbnails._asdict() | {"sheets": len(thumbnails.sheets)},
        "texts": {
            name: values.sel(example=shown).values.tolist()
            for name, values in texts.items()
            if values is not None
        },
        "never": NEVER,
        "arrays": index,
    }
    template = jinja2.Template(
        (HERE / "page.html").read_text("utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return template.render(
        title=f"{study.title}: {' and '.join(each['title'] for each in about)}",
        warnings=_warnings(study, ensembles, names, dataset, shown, thumbnails),
        orders=_orders(about, unit),
        accessibility=_by_class(ensembles.values(), dataset.sizes["class"]),
        presets=PRESETS,
        page=page,
        data=_base64(packed),
        sheets=[_base64(sheet) for sheet in thumbnails.sheets],
        style=Markup(CSS + (HERE / "explorer.css").read_text("utf-8")),
        script=Markup((HERE / "explorer.js").read_text("utf-8")),
    ).encode()


def _warnings(
    study: Study,
    ensembles: Mapping[str, xr.Dataset],
    names: np.ndarray,
    dataset: xr.Dataset,
    shown: np.ndarray,
    thumbnails: Thumbnails,
) -> list[str]:
    """Return what a reader must know of the page, in sentences."""
    warnings = [study.note] if study.note else []
    for name, scores in ensembles.items():
        warnings += learning_warnings(f"{study.name}/{name}", scores)
        if scores.sizes["example"] > len(names):
            warnings.append(
                f"Only the {len(names):,} examples that are in both ensembles are shown, of the "
                f"{scores.sizes['example']:,} of {name}."
            )
    if len(shown) < len(names):
        warnings.append(
            f"This page shows {len(shown):,} of {len(names):,} examples: the easiest, the hardest, "
            "the most disputed and those that are agreed but wrong of each class, and a random "
            "sample of the others. The gray outlines of the histograms are those of all examples."
        )
    if not has_images(dataset):
        warnings.append("There are no images: what would show them is blank.")
    elif thumbnails.missing:
        warnings.append(
            f"{len(thumbnails.missing):,} of the images cannot be read and are left blank; the "
            f"first: {thumbnails.problem}"
        )
    return warnings


def _about(name: str, title: str, letter: str, scores: xr.Dataset, epochs: list[int]) -> dict:
    """Return what the page says of an ensemble, and how its epochs and networks are counted."""
    own = scores["epoch"].values
    networks = scores.sizes["network"]
    edges = bin_edges(networks)
    word = "network" if networks == 1 else "networks"
    return {
        "name": name,
        "title": title,
        "letter": letter,
        "heading": f"{letter}: {title}" if letter else title,
        "about": f"{networks} {word}, {_unit(scores)}s {own[0]} to {own[-1]}",
        "networks": networks,
        "own": own.tolist(),
        # The place of the last of its epochs that is not after each of the page's.
        "at": (np.searchsorted(own, epochs, side="right") - 1).clip(0).tolist(),
        "edges": edges.tolist(),
        # The bin of each number of networks that are right.
        "bins": (np.searchsorted(edges, np.arange(networks + 1) / networks) - 1).tolist(),
        "totals": [int((scores["example_split"] == split).sum()) for split in SPLITS],
        "sizes": np.bincount(scores["label"].values, minlength=scores.attrs["classes"]).tolist(),
    }


def _arrays_of(scores: xr.Dataset, names: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the page holds of an ensemble's scores of these examples, by variable.

    ``right`` is how many networks are right, ``wrong`` how many give the most frequent wrong label,
    and ``offset`` is the most frequent label less the example's own, modulo K; each (example,
    epoch), as the difference from one epoch to the next, modulo the range of its type.
    """
    networks, classes = scores.sizes["network"], scores.attrs["classes"]
    ranks = ranks_in_class(scores["accessibility"].values, scores["label"].values)
    shown = scores.assign(rank=("example", ranks)).sel(example=names)
    label, modal, n_right = (shown[each].values for each in ("label", "modal_label", "n_right"))
    wrong = np.where(modal == label, shown["n_runner_up"].values, shown["n_modal"].values)
    offset = (modal.astype(np.int64) - label) % classes
    trained = n_right[scores["epoch"].values > 0] / networks
    return {
        "right": _steps(n_right),
        "wrong": _steps(wrong.astype(n_right.dtype)),
        "offset": _steps(offset.astype(np.min_scalar_type(classes - 1))),
        "label": label.astype(np.uint16),
        "is_test": (shown["example_split"].values == "test").astype(np.uint8),
        "fractions": _fractions(scores).astype(np.float32),
        "accessibility": shown["accessibility"].values,
        "variability": variability(trained).astype(np.float32),
        "learned": learned(n_right, networks, scores["epoch"].values),
        "rank": shown["rank"].values.astype(np.uint32),
    }


def learned(n_right: np.ndarray, networks: int, epochs: np.ndarray) -> np.ndarray:
    """Return the first epoch from 1 on from which most networks are right to the end, or ``NEVER``.

    ``n_right`` is (epoch, example), ``epochs`` (epoch,), and the result (example,) uint32.
    """
    trained = epochs > 0
    first = learned_for_good(majority_right(n_right[trained], networks), epochs[trained])
    return np.nan_to_num(first, nan=NEVER).astype(np.uint32)


def ranks_in_class(accessibility: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return each example's rank among those of its label, (example,) int64; 1 is the easiest."""
    ranks = pd.Series(-accessibility).groupby(label).rank(method="min")
    return ranks.to_numpy().astype(np.int64)


def _fractions(scores: xr.Dataset) -> np.ndarray:
    """Return the histograms of consistency, as fractions: (epoch, split, bin)."""
    edges = bin_edges(scores.sizes["network"])
    epochs = zip(*(iterate_epochs(scores, "consistency", split) for split in SPLITS), strict=True)
    return np.array(
        [[np.histogram(each, edges)[0] / max(1, len(each)) for each in splits] for splits in epochs]
    )


def _steps(values: np.ndarray) -> np.ndarray:
    """Return unsigned integers (epoch, example) as (example, epoch) steps, modulo their range."""
    return np.diff(np.ascontiguousarray(values.T), axis=1, prepend=values.dtype.type(0))


def _unit(scores: xr.Dataset) -> str:
    """Return what the axis of epochs counts: mini-batches if an ensemble is trained for a few."""
    return "step" if "steps" in definition_of(scores) else "epoch"


def _by_class(ensembles: Iterable[xr.Dataset], classes: int) -> list[str]:
    """Return the mean accessibility of each class, of two ensembles one after the other."""
    means = [
        pd.Series(scores["accessibility"].values).groupby(scores["label"].values).mean()
        for scores in ensembles
    ]
    return [
        ", ".join(f"{mean[label]:.2f}" if label in mean else "no images" for mean in means)
        for label in range(classes)
    ]


def _orders(about: list[dict], unit: str) -> list[tuple[str, str, str, str]]:
    """Return the value and the words of each order, and the words for its lowest and highest."""
    orders = []
    for number, ensemble in enumerate(about):
        letter = f", {ensemble['letter']}" if ensemble["letter"] else ""
        for order, (words, *ends) in ORDERS.items():
            orders.append((f"{order}.{number}", words.format(unit=unit) + letter, *ends))
    if len(about) > 1:
        orders.append(("difference.0", "accessibility, A less B", "easier for B", "easier for A"))
    orders.append(("position.0", "position", "lowest", "highest"))
    return orders


def _pack(groups: Sequence[Mapping[str, np.ndarray]]) -> tuple[list[dict], bytes]:
    """Return arrays one after the other, compressed, and of each its type, place and length."""
    index, parts, start = [{} for _ in groups], [], 0
    named = [(*item, number) for number, group in enumerate(groups) for item in group.items()]
    # The largest types first, so that each array begins at a multiple of its type's size.
    for name, array, number in sorted(named, key=lambda item: -item[1].itemsize):
        index[number][name] = (TYPES[array.dtype.name], start, array.size)
        parts.append(array.astype(array.dtype.newbyteorder("<")).tobytes())
        start += len(parts[-1])
    return index, gzip.compress(b"".join(parts), compresslevel=9, mtime=0)


def _base64(contents: bytes) -> Markup:
    return Markup(base64.b64encode(contents).decode())
