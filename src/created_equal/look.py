"""The look that all HTML pages share, as CSS to be put into a page."""

from pathlib import Path

CSS = Path(__file__).with_name("look.css").read_text("utf-8")
