"""Values of a study that are valid by themselves but contradict each other."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from created_equal.study import derivation
from created_equal.study.keys import (
    ROLES,
    EnsembleEntry,
    FiguresEntry,
    Recipe,
    StudyFile,
    needed_words,
)
from created_equal.study.roles import baselines_of, ensembles_of
from created_equal.study.study import FIGURES, PAPER_ARCHITECTURES, label_of
from created_equal.study.yaml_files import suggestion

RECIPE = asdict(Recipe())
# The keys of an ensemble that vary the paper's networks, and their defaults.
VARIATIONS = {
    key: EnsembleEntry.model_fields[key].default
    for key in ("width", "linear", "depth", "kernel", "units")
}
NETWORKS = StudyFile.model_fields["networks"].default
# The sources that a key of the dataset is for; images only if they are files.
SOURCES = {
    "superclass": ("cifar100",),
    "path": ("image_folder", "arrays"),
    "clutter": ("digits",),
    "images": ("image_folder",),
}
OWN_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
# Keys for the easiest and the hardest examples alone; seed is for random ones alone.
OF_RANKING = ("ranked_by", "per_round", "of", "networks_per_round")
# The kinds of derived datasets, and the keys that go with them.
KINDS = {
    "labels": ("seed",),
    "move_to_test": ("fraction", "ranked_by", "seed"),
    "half": ("seed",),
    "keep": ("fraction", *OF_RANKING, "balanced", "seed"),
}


def contradictions(values: Mapping) -> Iterator[str]:
    """Yield a sentence for each contradiction outside the figures."""
    dataset, ensembles = values.get("dataset", {}), values.get("ensembles", {})
    if "source" in dataset:
        yield from _in_dataset(dataset)
    if values.get("baselines") and dataset.get("images") == "files":
        yield (
            "baselines need all images in memory at once, but dataset.images is files; leave the "
            "baselines out, or set images: memory with fewer examples."
        )
    labels: dict[str, str] = {}
    for name, ensemble in ensembles.items():
        recipe = recipe_of(name, values)
        yield from _in_architecture(f"ensembles.{name}", ensemble, recipe)
        yield from _in_recipe(name, ensemble.get("recipe", {}), recipe, dataset)
        yield from _in_derived(name, ensembles, dataset.get("train_examples"), recipe["batch_size"])
        label = ensemble.get("label") or label_of(name)
        if (other := labels.setdefault(label, name)) != name:
            yield (
                f"ensembles.{name} and {other} are both called {label} in figures; give one "
                "another label."
            )


def refused_figures(values: Mapping, n_networks: int | None) -> dict[str, list[str]]:
    """Return the figures that contradict the rest of a study, with a sentence for every reason."""
    found = {
        name: list(dict.fromkeys(_in_figure(name, entry, values, n_networks)))
        for name, entry in values.get("figures", {}).items()
        if values.get("ensembles")
    }
    return {name: sentences for name, sentences in found.items() if sentences}


def recipe_of(name: str, values: Mapping) -> dict:
    """Return all keys of an ensemble's recipe, with the defaults that its study sets."""
    return RECIPE | values.get("recipe", {}) | values["ensembles"][name].get("recipe", {})


def _in_dataset(dataset: Mapping) -> Iterator[str]:
    source, size = dataset["source"], dataset.get("size")
    in_files = dataset.get("images") == "files"
    for key, needed in SOURCES.items():
        if key in dataset and source not in needed and (key != "images" or in_files):
            yield (
                f"dataset.{'images: files' if key == 'images' else key} is only for "
                f"{' and '.join(needed)}, but dataset.source is {source}; leave it out, or set "
                f"source: {needed[0]}."
            )
    if "path" not in dataset and source in SOURCES["path"]:
        kind = "folder" if source == "image_folder" else "file"
        yield f"dataset.path is missing; with source: {source}, add the path of the {kind}."
    if in_files and source == "image_folder" and size is None:
        yield (
            "dataset.size is missing; with images: files, add the height and width of the "
            "networks' input, for example size: 224."
        )
    if "clutter" in dataset and size is None:
        yield "dataset.size is missing; with clutter, add the images' size, for example size: 16."
    for key, value in dataset.get("clutter", {}).items():
        if isinstance(value, list) and value[0] > value[-1]:
            yield (
                f"dataset.clutter.{key} is {value}, but the first must be the lowest; write "
                f"{value[::-1]}."
            )
        largest = max(value) if isinstance(value, list) else value
        if size is not None and key in ("digit_size", "fragment_size") and largest > size:
            yield (
                f"dataset.clutter.{key} is up to {largest}, but dataset.size is {size}; make it at "
                f"most {size}."
            )


def _in_architecture(where: str, ensemble: Mapping, recipe: Mapping) -> Iterator[str]:
    architecture = ensemble.get("architecture", "st_vgg")
    changed = [key for key, default in VARIATIONS.items() if ensemble.get(key, default) != default]
    if isinstance(architecture, Mapping):
        module = architecture.get("module")
        if module is not None and not OWN_NAME.fullmatch(module):
            yield (
                f"{where}.architecture.module is {module!r}; write the file without .py, a colon "
                "and the function, for example my_nets:make."
            )
        for key in changed:
            yield (
                f"{where}.{key} does not change a network of your own; leave it out, or change it "
                "in the function."
            )
        if recipe["activation"] is not None:
            yield (
                f"{where} has a network of your own, with its own activations, but "
                f"recipe.activation is {recipe['activation']}; set activation: null in its recipe."
            )
        return
    for key in changed:
        if key != "linear" and architecture not in PAPER_ARCHITECTURES:
            yield (
                f"{where}.{key} changes only {', '.join(PAPER_ARCHITECTURES)}, not {architecture}; "
                "leave it out."
            )
    activation = ensemble.get("recipe", {}).get("activation")
    if ensemble.get("linear") and activation is not None:
        yield (
            f"{where} is linear, but its recipe.activation is {activation}; leave one of them out."
        )


def _in_recipe(name: str, own: Mapping, recipe: Mapping, dataset: Mapping) -> Iterator[str]:
    def is_set(key: str) -> str:
        return f"{f'ensembles.{name}.' if key in own else ''}recipe.{key} is {recipe[key]}"

    optimizer, dropout = recipe["optimizer"], recipe["dropout"]
    if recipe["momentum"] and optimizer != "sgd":
        yield f"{is_set('momentum')}, but {optimizer} has none; set it to 0, or use sgd."
    if not isinstance(dropout, bool) and dropout and not 1 / 256 <= dropout <= 255 / 256:
        yield (
            f"{is_set('dropout')}, but rates are multiples of 1/256: use one from {1 / 256} "
            f"(1/256) to {255 / 256} (255/256), or false for none."
        )
    examples = dataset.get("train_examples")
    if examples is not None and recipe["batch_size"] > examples:
        yield (
            f"{is_set('batch_size')}, but dataset.train_examples is only {examples}; make the "
            "batches smaller."
        )


def _in_derived(
    name: str, ensembles: Mapping, examples: int | None, batch_size: int
) -> Iterator[str]:
    """Yield contradictions in an ensemble's dataset; ``examples`` is the study's, if known."""
    entry = ensembles[name].get("dataset") or {}
    where = f"ensembles.{name}.dataset"
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) > 1:
        yield f"{where} has {' and '.join(kinds)}; give each an ensemble of its own."
    if not kinds and "dataset" in ensembles[name]:
        yield f"{where} needs one of {', '.join(KINDS)}; add it."
    if len(kinds) != 1:
        return
    (kind,) = kinds
    is_random = entry[kind] == "random" or kind == "half"
    in_rounds = kind == "keep" and not is_random and entry.keys() & {"of", "networks_per_round"}
    needed = {
        "fraction": "fraction" in KINDS[kind],
        "ranked_by": not is_random,
        "per_round": in_rounds,
    }
    for key, is_needed in needed.items():
        if is_needed and key not in entry:
            yield f"{where}.{key} is missing; add it."
    for key in entry:
        if key not in (kind, *KINDS[kind]):
            yield f"{where}.{key} does not go with {kind}; leave it out."
        elif is_random and key in OF_RANKING:
            yield f"{where}.{key} is only for the easiest and the hardest examples; leave it out."
        elif not is_random and key == "seed":
            yield f"{where}.seed is only for random examples; leave it out."
    if "ranked_by" in entry and not is_random:
        yield from _in_ranking(name, where, ensembles)
    if kind == "half" or (kind != "labels" and "fraction" in entry):
        yield from _in_sizes(where, entry, examples, batch_size)
        for cut in range(1, len(derivation.shares(entry)) if kind == "keep" else 0):
            if (round_ := derivation.round_name(name, cut)) in ensembles:
                yield f"ensembles.{round_} has the name of a round of {name}; rename it."


def _in_ranking(name: str, where: str, ensembles: Mapping) -> Iterator[str]:
    ranking = ensembles[name]["dataset"]["ranked_by"]
    whole = [
        each
        for each, entry in ensembles.items()
        if not entry.get("dataset") and not entry.get("steps")
    ]
    remedy = suggestion("", whole) if whole else "define an ensemble without a dataset of its own."
    if ranking == name:
        yield f"{where}.ranked_by is {name} itself, which is trained too late; {remedy}"
    elif ranking not in ensembles:
        yield f"{where}.ranked_by is {ranking}, which is not among the ensembles; {remedy}"
    elif ranking not in whole:
        yield (
            f"{where}.ranked_by is {ranking}, which is trained on a dataset of its own or for a "
            f"few steps, so it does not rank all of the study's examples; {remedy}"
        )


def _in_sizes(where: str, entry: Mapping, examples: int | None, batch_size: int) -> Iterator[str]:
    if (per_round := entry.get("per_round")) is not None:
        to_remove = 1 - derivation.exact(entry["fraction"])
        if derivation.exact(per_round) > to_remove:
            yield (
                f"{where}.per_round is {per_round}, but only {float(to_remove):g} of the train set "
                "is to be removed; make it smaller, or leave it out."
            )
        if len(derivation.shares(entry)) > derivation.MOST_CUTS:
            yield (
                f"{where}.per_round is {per_round}, which makes more than {derivation.MOST_CUTS} "
                "rounds; make it larger."
            )
            return
    if examples is not None:
        sizes = derivation.sizes(entry, examples)
        if problem := derivation.problem_of_sizes(sizes, batch_size):
            yield f"{where}: {problem}"


def _in_figure(name: str, entry: Mapping, values: Mapping, n_networks: int | None) -> Iterator[str]:
    yield from _in_roles(name, entry, values)
    ensembles, needs, epochs = values["ensembles"], FIGURES[name], entry.get("epochs")
    shown = [each for each in dict.fromkeys(ensembles_of(entry)) if each in ensembles]
    for ensemble in shown if name == "noise" else shown[:1]:
        own = ensembles[ensemble].get("networks", values.get("networks", NETWORKS))
        if (trained := n_networks or own) < needs.n_networks:
            yield (
                f"figures.{name} compares {'networks' if name == 'noise' else 'the two halves'} "
                f"of {ensemble}, which has only {trained} network; train at least "
                f"{needs.n_networks}, or leave the figure out."
            )
    field = FiguresEntry.model_fields[name].annotation.model_fields.get("epochs")
    n_epochs = field.metadata[0].min_length if field else 0  # 0 if it shows all of them.
    for ensemble in shown:
        last = recipe_of(ensemble, values)["epochs"]
        if epochs is None and n_epochs > last + 1:
            yield (
                f"figures.{name} shows {n_epochs} epochs, but {ensemble} has only {last + 1} (0 to "
                f"{last}); train longer, or leave the figure out."
            )
        if needs.trained > last:
            yield (
                f"figures.{name} needs networks that are trained for {needs.trained} epochs, but "
                f"{ensemble} is trained for {last}; train longer, or leave the figure out."
            )
        for epoch in epochs or ():
            if epoch > last:
                yield (
                    f"figures.{name}.epochs has {epoch}, but {ensemble} is trained for {last} "
                    f"epochs; use epochs from 0 to {last}."
                )


def _in_roles(name: str, entry: Mapping, values: Mapping) -> Iterator[str]:
    """Yield a sentence for each name that is not defined or cannot have its role."""
    for kind, shown in {"ensembles": ensembles_of(entry), "baselines": baselines_of(entry)}.items():
        known = values.get(kind, {})
        for each in dict.fromkeys(shown):
            if each not in known:
                remedy = suggestion(each, list(known)) if known else "define it."
                yield f"figures.{name} shows {each}, which is not among the {kind}; {remedy}"
            elif shown.count(each) > 1:
                yield f"figures.{name} shows {each} twice; name different {kind}."
    ensembles = values["ensembles"]
    of_roles = {role: each for role, each in entry.items() if role in ROLES}
    for role, each in of_roles.items():
        own = ensembles.get(each)
        for key, needed in ROLES[role].items() if own else ():
            found = {**own, **(own.get("dataset") or {})}.get(key)
            if isinstance(needed, list) and found:
                found = sorted(set(found))
            if found is None if needed is ... else found != needed:
                yield (
                    f"figures.{name}.{role} is {each}, which does not have "
                    f"{needed_words(key, needed)}; name an ensemble that does."
                )
    timed = [each for role, each in of_roles.items() if role != "steps"]
    for each in dict.fromkeys([*timed, *entry.get("ensembles", ())]):
        if ensembles.get(each, {}).get("steps"):
            yield (
                f"figures.{name} shows the epochs of {each}, which is trained for a few steps; "
                "name another ensemble, or show it as figures.figure_02.steps."
            )
    if name == "noise" and all(each in ensembles for each in timed):
        for each in timed[1:]:
            if _trained_as(each, values) != _trained_as(timed[0], values):
                yield (
                    f"figures.noise compares {timed[0]} with {each}, which differ in their "
                    "architecture or recipe too; make these equal (the epochs may differ)."
                )


def _trained_as(name: str, values: Mapping) -> tuple[dict, dict]:
    """Return the architecture and the recipe of an ensemble, without the number of epochs."""
    own = values["ensembles"][name]
    variations = {key: own.get(key, default) for key, default in VARIATIONS.items()}
    architecture = variations | {"architecture": own.get("architecture")}
    return architecture, recipe_of(name, values) | {"epochs": None}
