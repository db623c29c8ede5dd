"""Which of a study's ensembles and baselines plays which part in the claims.

The study's figures say it: ``figure_05.linear`` is the ensemble that figure 5 takes for the linear
one. What no figure shows but the text speaks of, is found by its definition.
"""

from collections.abc import Mapping

from created_equal.study import Study

BASELINES = "baselines/"
"""Before the names of baselines, which could be those of ensembles too."""
EACH = "*"

Roles = Mapping[str, tuple[str, ...]]


def roles_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Return the names that a study's figures give, by role, as ``"figure_04.ensembles"``.

    One role is in no figure: ``figure_08.random``, the ensemble that keeps a random part of the
    train set, as large as the hard part that ``figure_08.hard`` keeps.
    """
    roles = {}
    for figure, entry in study.figures.items():
        for key, value in entry.items():
            if key == "epochs":
                continue
            names = (value,) if isinstance(value, str) else tuple(value)
            prefix = BASELINES if key in ("baseline", "baselines") else ""
            roles[f"{figure}.{key}"] = tuple(prefix + name for name in names)
    if "figure_08.hard" in roles:
        roles["figure_08.random"] = _random_part(study, roles["figure_08.hard"][0])
    return roles


def names_in(role: str, roles: Roles) -> tuple[str, ...]:
    """Return the names that a claim's role stands for, none if the study has no such role.

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
    return tuple(name for name in names if name.removeprefix(BASELINES) == wanted)


def ensembles_in(roles: Roles) -> list[str]:
    """Return the names of all ensembles that play a part."""
    names = dict.fromkeys(name for group in roles.values() for name in group)
    return [name for name in names if not name.startswith(BASELINES)]


def baselines_in(roles: Roles) -> list[str]:
    """Return the names of all baselines that play a part, without the prefix."""
    names = dict.fromkeys(name for group in roles.values() for name in group)
    return [name.removeprefix(BASELINES) for name in names if name.startswith(BASELINES)]


def ensembles_behind(study: Study) -> list[str]:
    """Return the names of the ensembles in the claims, and of those by which theirs are derived."""
    found = {}
    for name in ensembles_in(roles_of(study)):
        while name is not None and name not in found:
            found[name] = True
            name = study.ensembles[name].ranked_by
    return list(found)


def moved_in(study: Study) -> list[str]:
    """Return the names of the ensembles in the claims from whose train set examples were moved."""
    return [
        name
        for name in ensembles_in(roles_of(study))
        if "move_to_test" in (study.ensembles[name].derived or {})
    ]


def _random_part(study: Study, hard: str) -> tuple[str, ...]:
    fraction = (study.ensembles[hard].derived or {}).get("fraction")
    return tuple(
        name
        for name, ensemble in study.ensembles.items()
        if ensemble.scores_in
        and (ensemble.derived or {}).get("keep") == "random"
        and ensemble.derived.get("fraction") == fraction
    )[:1]
