"""The stylesheet of all HTML pages, and the script of the page of claims."""

from pathlib import Path

CSS = Path(__file__).with_name("look.css").read_text("utf-8")
JS = Path(__file__).with_name("look.js").read_text("utf-8")
