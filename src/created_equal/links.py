"""Links to folders that are not there, as those of a disk that is not mounted."""

from contextlib import suppress
from pathlib import Path


def dead_link(path: Path) -> str | None:
    """Return a sentence if a path, or a folder on the way to it, is a link to what is not there."""
    # What lies in a folder that may not be searched, is for whoever uses it to say.
    with suppress(PermissionError):
        for each in (path, *path.parents):
            if each.is_symlink() and not each.exists():
                return (
                    f"{each} is a link to {each.readlink()}, which is not there; mount it or mend "
                    "the link."
                )
    return None
