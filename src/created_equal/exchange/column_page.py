"""Writing the tables of docs/tables.md from what ``columns`` says: run this module."""

from collections.abc import Mapping
from pathlib import Path

from created_equal.exchange.columns import COLUMNS, EPOCH_COLUMNS
from created_equal.exchange.others_logs import SYNONYMS


def markdown(columns: Mapping[str, str]) -> str:
    """Return a table of columns in Markdown."""
    rows = [f"| `{name}` | {text} |" for name, text in columns.items()]
    return "\n".join(["| column | what it is |", "|---|---|", *rows]) + "\n"


def write_page(path: Path) -> None:
    """Write the tables of columns into a page, each between its two comments."""
    text = path.read_text("utf-8")
    names = {role: ", ".join(f"`{each}`" for each in names) for role, names in SYNONYMS.items()}
    for name, columns in (("examples", COLUMNS), ("epochs", EPOCH_COLUMNS), ("synonyms", names)):
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        text = f"{before}{begin}{markdown(columns)}{end}{after}"
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    write_page(Path("docs/tables.md"))
