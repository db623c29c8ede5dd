"""Pages of made-up scores and images, and a function to open them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xarray as xr
from made_up import make_images, make_scores
from playwright.sync_api import Browser, Page

from created_equal.explorer import write_explorer
from created_equal.study import Architecture, Ensemble, Recipe, Study

WIDE = {"width": 1400, "height": 900}


@pytest.fixture(scope="session")
def dataset() -> xr.Dataset:
    return make_images(240, 16, 16, 3)


@pytest.fixture(scope="session")
def scores(dataset: xr.Dataset) -> xr.Dataset:
    return make_scores(dataset)


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that writes the page of some scores and a dataset."""

    def write(
        ensembles: dict[str, xr.Dataset], dataset: xr.Dataset, data_root: Path = Path()
    ) -> Path:
        path = tmp_path_factory.mktemp("page") / "explorer.html"
        named = {
            name: Ensemble(
                "study", name, Architecture(name), 1, Recipe(), {}, label=f"title of {name}"
            )
            for name in ensembles
        }
        study = Study("study", "Cats & <dogs>", {}, named, {}, {}, note="A note.")
        write_explorer(study, ensembles, dataset, data_root, path)
        return path

    return write


@pytest.fixture(scope="session")
def page_path(write: Callable[..., Path], scores: xr.Dataset, dataset: xr.Dataset) -> Path:
    return write({"st_vgg": scores}, dataset)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page, which must neither request nor report anything."""
    found = []

    def open_page(path: Path, address: str = "", **settings: object) -> Page:
        page = browser.new_page(**{"viewport": WIDE, **settings})
        page.on("console", lambda message: found.append(message.text))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("request", lambda request: found.append(request.url))
        page.goto(path.as_uri() + address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    # Only the page itself was asked for.
    assert [each for each in found if not re.match(r"file://[^ ]*/explorer\.html", each)] == []
    for context in browser.contexts:
        context.close()
