"""The folders that may have an ensemble's networks."""

from collections import defaultdict
from itertools import chain
from pathlib import Path

from created_equal.definitions import canonical, in_study
from created_equal.paths import REFERENCE, REPOSITORY, RESULTS, predictions_folder
from created_equal.study.study import Ensemble


def predictions_folders(*ensembles: Ensemble) -> list[list[Path]]:
    """Return, for each ensemble, the folders that may have its networks, its own first.

    Networks of the same definition are the same, whatever their study and their ensemble are called
    now or were called before. None has to be trained twice, so all of ``results`` and ``reference``
    is searched. The files there are not verified.
    """
    if not ensembles:
        return []
    folders = _folders_by_definition()
    found = []
    for ensemble in ensembles:
        own = predictions_folder(ensemble.study, ensemble.name)
        others = folders.get(canonical(ensemble.definition), ())
        found.append([*dict.fromkeys([own, *others])])
    return found


def _folders_by_definition() -> dict[str, list[Path]]:
    from created_equal.artefacts import definition_in_head

    found = defaultdict(list)
    for folder in _all_folders():
        # Networks move through these folders in this order while they are searched.
        paths = chain.from_iterable(
            folder.glob(f"{name}*.nc") for name in ("unfinished/", "kept/", "")
        )
        definitions = (canonical(in_study(definition_in_head(path) or {})) for path in paths)
        for definition in dict.fromkeys(definitions):
            found[definition].append(folder)
    return found


def _all_folders() -> list[Path]:
    # Those of the package and of the current folder may be the same.
    references = {path.resolve(): path for path in (REPOSITORY / REFERENCE, REFERENCE)}
    pattern = str(predictions_folder("*", "*", Path()))
    return [each for root in (RESULTS, *references.values()) for each in sorted(root.glob(pattern))]
