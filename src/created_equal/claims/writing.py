"""Text files that are whole or absent."""

from pathlib import Path

from created_equal.artefacts.files import write_whole


def write_text(text: str, path: Path) -> None:
    """Write text as UTF-8 so that ``path`` is whole or absent; raises as ``write_whole``."""
    write_whole(path, text.encode())
