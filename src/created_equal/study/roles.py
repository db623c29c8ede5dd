"""The ensembles and baselines that a study's figures show, by role.

A role is a figure and a key: ``figure_05.linear`` is the ensemble that figure 5 shows as the linear
one.
"""

from collections.abc import Iterable, Mapping

from created_equal.paths import BASELINE_PREFIX
from created_equal.study.keys import ROLES
from created_equal.study.study import Study

EACH, ALL = "*", "all"

Roles = Mapping[str, tuple[str, ...]]


def ensembles_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the ensembles in a figure's entry."""
    return (*(figure[role] for role in ROLES if role in figure), *figure.get("ensembles", ()))


def baselines_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the baselines in a figure's entry."""
    return tuple(figure.get("baselines", [figure["baseline"]] if "baseline" in figure else []))


def ensemble_across(study: Study) -> str | None:
    """Return the ensemble of figure 1, which represents a study in the cross-dataset figure."""
    return study.figures.get("figure_01", {}).get("ensemble")


def roles_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Return the names that a study's figures show, by role.

    ``figure_08.random`` is the only role without a key in a figure: the ensemble that keeps a
    random part of the train set, as large as the part that ``figure_08.hard`` keeps. If that part
    is balanced, the ensemble has the role ``figure_08.hard_balanced``, unless another has it.
    """
    roles = {}
    for figure, entry in study.figures.items():
        for key, value in entry.items():
            if key in ROLES:
                roles[f"{figure}.{key}"] = (value,)
            elif key == "ensembles":
                roles[f"{figure}.{key}"] = tuple(value)
            elif key != "epochs":
                roles[f"{figure}.{key}"] = tuple(
                    BASELINE_PREFIX + name for name in baselines_of(entry)
                )
    figure_08 = study.figures.get("figure_08", {})
    if hard := figure_08.get("hard", figure_08.get("hard_balanced")):
        step = study.ensembles[hard].derived
        parts = [
            name
            for name, each in study.ensembles.items()
            if each.scores_in
            and each.derived.get("keep") == "random"
            and each.derived["fraction"] == step.get("fraction")
        ]
        roles["figure_08.random"] = tuple(parts[:1])
        if step.get("balanced") and "hard_balanced" not in figure_08:
            roles["figure_08.hard_balanced"] = roles.pop("figure_08.hard")
    return roles


def names_in(role: str, roles: Roles) -> tuple[str, ...]:
    """Return the names that a claim refers to; none if the study has no such role.

    Args:
        role: ``"figure_05.linear"``: the only or first name; ``"figure_04.ensembles:1"``: the
            second; ``"figure_07.baselines:svm"``: this name, if the figure has it;
            ``"robustness.ensembles:*"`` or ``"robustness.ensembles:all"``: all names.
        roles: from ``roles_of``.
    """
    key, _, wanted = role.partition(":")
    names = roles.get(key, ())
    if wanted in (EACH, ALL):
        return names
    if wanted.isdigit() or not wanted:
        index = int(wanted or 0)
        return names[index : index + 1]
    return tuple(name for name in names if name.removeprefix(BASELINE_PREFIX) == wanted)


def ensembles_in(roles: Roles) -> list[str]:
    """Return the names of all ensembles that have a role."""
    return [name for name in _names(roles) if not name.startswith(BASELINE_PREFIX)]


def baselines_in(roles: Roles) -> list[str]:
    """Return the names of all baselines that have a role, without the prefix."""
    prefix = BASELINE_PREFIX
    return [name.removeprefix(prefix) for name in _names(roles) if name.startswith(prefix)]


def ensembles_behind(study: Study) -> list[str]:
    """Return the ensembles that have a role, and those that rank their examples."""
    return with_rankings(study, ensembles_in(roles_of(study)))


def with_rankings(study: Study, names: Iterable[str]) -> list[str]:
    """Return these ensembles, and those that rank their examples."""
    found = {}
    for name in names:
        while name is not None and name not in found:
            found[name] = True
            name = study.ensembles[name].ranked_by
    return list(found)


def _names(roles: Roles) -> list[str]:
    return list(dict.fromkeys(name for names in roles.values() for name in names))
