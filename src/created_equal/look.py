"""The look that all HTML pages share, and the script of the page of claims, to be put into it."""

from pathlib import Path

CSS = Path(__file__).with_name("look.css").read_text("utf-8")
JS = Path(__file__).with_name("look.js").read_text("utf-8")
