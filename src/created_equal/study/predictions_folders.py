"""The folders that may have an ensemble's networks."""

from collections import defaultdict
from pathlib import Path

from created_equal.paths import REFERENCE, REPOSITORY, RESULTS, find, predictions_folder
from created_equal.study.study import Ensemble


def predictions_folders(*ensembles: Ensemble) -> list[list[Path]]:
    """Return, for each ensemble, the folders that may have its networks, its own first.

    Networks of the same definition are the same, whatever their study and their ensemble are called
    now or were called before. None has to be trained twice, so all of ``results`` and ``reference``
    is searched. The files there are not verified.
    """
    from created_equal.artefacts import canonical

    folders = _folders_by_definition()
    found = []
    for ensemble in ensembles:
        own = predictions_folder(ensemble.study, ensemble.name)
        others = folders.get(canonical(ensemble.definition), ())
        found.append([*dict.fromkeys([own, *others])])
    return found


def _folders_by_definition() -> dict[str, list[Path]]:
    from created_equal.artefacts import canonical, definition_in_head

    found = defaultdict(list)
    for folder in _all_folders():
        # Besides outputs, there are networks of unfinished jobs, and second names of outputs.
        paths = (*folder.glob("*.nc"), *folder.glob("*/*.nc"))
        definitions = [definition_in_head(path) or {} for path in paths]
        for each in definitions:
            each.pop("engine_version", None)
            each.pop("data", None)
        for definition in dict.fromkeys(map(canonical, definitions)):
            found[definition].append(folder)
    return found


def _all_folders() -> list[Path]:
    pattern = str(predictions_folder("*", "*", Path()))
    kept = {
        path.relative_to(root)
        for root in (Path(), REPOSITORY)
        for path in root.glob(str(REFERENCE / pattern))
    }
    return [*sorted(RESULTS.glob(pattern)), *map(find, sorted(kept))]
