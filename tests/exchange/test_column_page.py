import re
from pathlib import Path

from created_equal.exchange.column_page import write_page
from created_equal.scores.label_metrics import OF_EXAMPLES, OF_SEVERAL_EPOCHS

PAGE = Path(__file__).parents[2] / "docs/tables.md"


def test_the_examples_run():
    blocks = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert blocks
    for block in blocks:
        exec(block, {})


def test_the_page_has_every_column_as_it_is_described(tmp_path):
    copy = tmp_path / "tables.md"
    copy.write_text(PAGE.read_text("utf-8"), "utf-8")
    write_page(copy)
    assert copy.read_text("utf-8") == PAGE.read_text("utf-8"), (
        "write it again: python -m created_equal.exchange.column_page"
    )
    columns = set(re.findall(r"^\| `(\w+)` \|", copy.read_text("utf-8"), re.MULTILINE))
    assert {*OF_EXAMPLES, *OF_SEVERAL_EPOCHS, "error_consistency", "difficulty_class"} <= columns
