"""Values of a study, right by themselves, that do not go together: each pair in a sentence."""

from collections.abc import Iterator, Mapping

from created_equal.study import derivation
from created_equal.study.definition import FIGURES, PAPER_ARCHITECTURES, label_of
from created_equal.study.keys import Recipe, StudyFile
from created_equal.study.roles import ROLES, baselines_of, ensembles_of
from created_equal.study.yaml_files import suggestion

NETWORKS = StudyFile.model_fields["networks"].default


def contradictions(values: Mapping) -> Iterator[str]:
    """Yield a sentence for every two values, right by themselves, that do not go together."""
    yield from _contradictions_in_dataset(values.get("dataset", {}))
    if values.get("baselines") and values.get("dataset", {}).get("images") == "files":
        yield (
            "baselines need all images in memory at once, but dataset.images is files; leave the "
            "baselines out, or set images: memory with fewer examples."
        )
    labels: dict[str, str] = {}
    for name, ensemble in values.get("ensembles", {}).items():
        yield from _contradictions_in_ensemble(name, ensemble, values)
        label = ensemble.get("label") or label_of(name)
        if other := labels.get(label):
            yield (
                f"ensembles.{name} and {other} are both called {label} in figures; give one "
                "another label."
            )
        labels[label] = name


def refused_figures(values: Mapping, networks: int | None) -> dict[str, list[str]]:
    """Return the figures that contradict the rest of a study, with a sentence for every reason."""
    found = {
        name: list(dict.fromkeys(_contradictions_in_figure(name, entry, values, networks)))
        for name, entry in values.get("figures", {}).items()
        if name in FIGURES and values.get("ensembles")
    }
    return {name: sentences for name, sentences in found.items() if sentences}


def _contradictions_in_dataset(dataset: Mapping) -> Iterator[str]:
    source = dataset.get("source")
    if source is None:
        return
    if "superclass" in dataset and source != "cifar100":
        yield (
            f"dataset.superclass is one of CIFAR-100's, but dataset.source is {source}; leave it "
            "out, or set source: cifar100."
        )
    if "path" in dataset and source != "image_folder":
        yield (
            f"dataset.path is for a folder of images, but dataset.source is {source}; leave it "
            "out, or set source: image_folder."
        )
    if "path" not in dataset and source == "image_folder":
        yield "dataset.path is missing; with source: image_folder, add the path of the folder."
    if "clutter" in dataset:
        yield from _contradictions_in_clutter(dataset)
    if dataset.get("images") == "files" and source != "image_folder":
        yield (
            f"dataset.images is files, but dataset.source is {source}, whose images are in no "
            "files of their own; leave it out, or set source: image_folder."
        )
    elif dataset.get("images") == "files" and dataset.get("size") is None:
        yield (
            "dataset.size is missing; with images: files, add the height and width that the "
            "networks shall see, for example size: 224."
        )


def _contradictions_in_clutter(dataset: Mapping) -> Iterator[str]:
    clutter, size, source = dataset["clutter"], dataset.get("size"), dataset["source"]
    if source != "digits":
        yield (
            f"dataset.clutter is for digits, but dataset.source is {source}; leave it out, or set "
            "source: digits."
        )
    if size is None:
        yield "dataset.size is missing; with clutter, add the images' size, for example size: 16."
    for key, value in clutter.items():
        if isinstance(value, list) and value[0] > value[-1]:
            yield (
                f"dataset.clutter.{key} is {value}, but the first is the lowest; write "
                f"{value[::-1]}."
            )
    largest_of = {
        "digit_size": max(clutter.get("digit_size", [0])),
        "fragment_size": clutter.get("fragment_size", 0),
    }
    for key, largest in largest_of.items():
        if size is not None and largest > size:
            yield (
                f"dataset.clutter.{key} is up to {largest}, but dataset.size is {size}; make it at "
                f"most {size}."
            )


def _contradictions_in_ensemble(name: str, ensemble: Mapping, values: Mapping) -> Iterator[str]:
    architecture = ensemble.get("architecture", "st_vgg")
    for key, usual in {"width": 1, "depth": None, "kernel": None, "units": None}.items():
        if ensemble.get(key, usual) != usual and architecture not in PAPER_ARCHITECTURES:
            yield (
                f"ensembles.{name}.{key} changes only {', '.join(PAPER_ARCHITECTURES)}, not "
                f"{architecture}; leave it out."
            )
    own, shared = ensemble.get("recipe", {}), values.get("recipe", {})
    recipe = {**shared, **own}
    if ensemble.get("linear") and own.get("activation") is not None:
        yield (
            f"ensembles.{name} is linear, but its recipe.activation is {own['activation']}; leave "
            "one of them out."
        )

    def where(key: str) -> str:
        return f"ensembles.{name}.recipe.{key}" if key in own else f"recipe.{key}"

    optimizer = recipe.get("optimizer", "sgd")
    if recipe.get("momentum", 0) and optimizer != "sgd":
        yield (
            f"{where('momentum')} is {recipe['momentum']}, but {optimizer} has none; set it to 0, "
            "or use sgd."
        )
    dropout = recipe.get("dropout", False)
    if not isinstance(dropout, bool) and dropout and not 1 / 256 <= dropout <= 255 / 256:
        yield (
            f"{where('dropout')} is {dropout}, but rates are multiples of 1/256: use one from "
            f"{1 / 256} (1/256) to {255 / 256} (255/256), or false for none."
        )
    examples = values.get("dataset", {}).get("train_examples")
    batch_size = recipe.get("batch_size", Recipe.batch_size)
    if examples is not None and batch_size > examples:
        yield (
            f"{where('batch_size')} is {batch_size}, but dataset.train_examples is only "
            f"{examples}; make the batches smaller."
        )
    yield from derivation.contradictions(name, values["ensembles"], examples, batch_size)


def _contradictions_in_figure(
    name: str, entry: Mapping, values: Mapping, networks: int | None
) -> Iterator[str]:
    ensembles = values["ensembles"]
    yield from _contradictions_in_roles(name, entry, values)
    epochs = entry.get("epochs")
    if epochs is not None and epochs != sorted(set(epochs)):
        yield f"figures.{name}.epochs must rise from one to the next, but is {epochs}; sort it."
    shown = [each for each in dict.fromkeys(ensembles_of(entry)) if each in ensembles]
    for ensemble in shown[:1]:
        there = networks or ensembles[ensemble].get("networks", values.get("networks", NETWORKS))
        if there < FIGURES[name].networks:
            yield (
                f"figures.{name} compares the two halves of {ensemble}, which has only {there} "
                f"network; train at least {FIGURES[name].networks}, or leave the figure out."
            )
    for ensemble in shown:
        recipe = {**values.get("recipe", {}), **ensembles[ensemble].get("recipe", {})}
        last = recipe.get("epochs", Recipe.epochs)
        if epochs is None and FIGURES[name].epochs > last + 1:
            yield (
                f"figures.{name} shows {FIGURES[name].epochs} epochs, but {ensemble} has only "
                f"{last + 1} (0 to {last}); train longer, or leave the figure out."
            )
        if FIGURES[name].trained > last:
            yield (
                f"figures.{name} needs networks that are trained for {FIGURES[name].trained} "
                f"epochs, but {ensemble} is trained for {last}; train longer, or leave the figure "
                "out."
            )
        for epoch in epochs or ():
            if epoch > last:
                yield (
                    f"figures.{name}.epochs has {epoch}, but {ensemble} is trained for {last} "
                    f"epochs; use epochs from 0 to {last}."
                )


def _contradictions_in_roles(name: str, entry: Mapping, values: Mapping) -> Iterator[str]:
    """Yield a sentence for everything shown that is not defined, or is not what it is shown as."""
    known = {kind: values.get(kind, {}) for kind in ("ensembles", "baselines")}
    shown = {"ensembles": ensembles_of(entry), "baselines": baselines_of(entry)}
    for kind, names in shown.items():
        for each in dict.fromkeys(names):
            if each not in known[kind]:
                remedy = suggestion(each, list(known[kind])) if known[kind] else "define it."
                yield f"figures.{name} shows {each}, which is not among the {kind}; {remedy}"
            elif names.count(each) > 1:
                yield f"figures.{name} shows {each} twice; name different {kind}."
    for role, ensemble in entry.items():
        if ROLES.get(role) and ensemble in known["ensembles"]:
            key, needed = ROLES[role]
            definition = known["ensembles"][ensemble]
            if {**definition, **(definition.get("dataset") or {})}.get(key) != needed:
                yield (
                    f"figures.{name}.{role} is {ensemble}, which does not have {key}: "
                    f"{str(needed).lower()}; name an ensemble that has."
                )
