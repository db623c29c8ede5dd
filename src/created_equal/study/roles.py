"""Which of a study's ensembles and baselines its figures show, and as what.

A role is a figure and a key: ``figure_05.linear`` is the ensemble that figure 5 shows as the linear
one.
"""

from collections.abc import Mapping

from created_equal.study.definition import Ensemble, Study

# The keys under which a figure names one ensemble, with the key and the value that the ensemble's
# definition must have.
ROLES = {
    "ensemble": None,
    "linear": ("linear", True),
    "random_labels": ("labels", "random"),
    "hard": ("keep", "hardest"),
    "easiest": ("move_to_test", "easiest"),
    "hardest": ("move_to_test", "hardest"),
    "random": ("move_to_test", "random"),
}
# Marks the names of baselines, since an ensemble may have the same name.
BASELINE_PREFIX = "baselines/"
EACH = "*"

Roles = Mapping[str, tuple[str, ...]]


def ensembles_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the ensembles that a figure entry of a study shows."""
    return (*(figure[role] for role in ROLES if role in figure), *figure.get("ensembles", ()))


def baselines_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the baselines that a figure entry of a study shows."""
    return tuple(figure.get("baselines", [figure["baseline"]] if "baseline" in figure else []))


def ensemble_across(study: Study) -> str | None:
    """Return the ensemble of a study's figure 1, which represents it among others, or None."""
    return study.figures.get("figure_01", {}).get("ensemble")


def roles_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Return the names that a study's figures give, by role, as ``"figure_04.ensembles"``.

    One role is in no figure: ``figure_08.random``, the ensemble that keeps a random part of the
    train set, as large as the hard part that ``figure_08.hard`` keeps.
    """
    roles = {}
    for figure, entry in study.figures.items():
        baselines = tuple(BASELINE_PREFIX + name for name in baselines_of(entry))
        for key, value in entry.items():
            if key in ("baseline", "baselines"):
                roles[f"{figure}.{key}"] = baselines
            elif key in ROLES:
                roles[f"{figure}.{key}"] = (value,)
            elif key == "ensembles":
                roles[f"{figure}.{key}"] = tuple(value)
    if "figure_08.hard" in roles:
        (hard,) = roles["figure_08.hard"]
        roles["figure_08.random"] = _random_part(study, study.ensembles[hard])
    return roles


def names_in(role: str, roles: Roles) -> tuple[str, ...]:
    """Return the names that a claim's role refers to, none if the study has no such role.

    Args:
        role: ``"figure_05.linear"``: the only or first name; ``"figure_04.ensembles:1"``: the
            second; ``"figure_07.baselines:svm"``: that name, if it is among them;
            ``"robustness.ensembles:*"``: all, each of which has a row of its own.
        roles: from ``roles_of``.
    """
    key, _, wanted = role.partition(":")
    names = roles.get(key, ())
    if wanted == EACH:
        return names
    if wanted.isdigit() or not wanted:
        place = int(wanted or 0)
        return names[place : place + 1]
    return tuple(name for name in names if name.removeprefix(BASELINE_PREFIX) == wanted)


def ensembles_in(roles: Roles) -> list[str]:
    """Return the names of all ensembles that have a role."""
    names = dict.fromkeys(name for group in roles.values() for name in group)
    return [name for name in names if not name.startswith(BASELINE_PREFIX)]


def baselines_in(roles: Roles) -> list[str]:
    """Return the names of all baselines that have a role, without the prefix."""
    names = dict.fromkeys(name for group in roles.values() for name in group)
    return [
        name.removeprefix(BASELINE_PREFIX) for name in names if name.startswith(BASELINE_PREFIX)
    ]


def ensembles_behind(study: Study) -> list[str]:
    """Return the names of the ensembles that have a role, and of those that rank their examples."""
    found = {}
    for name in ensembles_in(roles_of(study)):
        while name is not None and name not in found:
            found[name] = True
            name = study.ensembles[name].ranked_by
    return list(found)


def moved_in(study: Study) -> list[str]:
    """Return the names of the ensembles with a role from whose train set examples were moved."""
    return [
        name
        for name in ensembles_in(roles_of(study))
        if "move_to_test" in (study.ensembles[name].derived or {})
    ]


def _random_part(study: Study, hard: Ensemble) -> tuple[str, ...]:
    fraction = (hard.derived or {}).get("fraction")
    return tuple(
        name
        for name, ensemble in study.ensembles.items()
        if ensemble.scores_in
        and (ensemble.derived or {}).get("keep") == "random"
        and ensemble.derived.get("fraction") == fraction
    )[:1]
