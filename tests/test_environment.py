"""What the repository says of itself: pins, links, pictures."""

import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGES = [
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[!.]*/*.md")]
    if path.parent.name not in ("results", "data")
]


def pins(lines):
    return {line.replace(" ", "") for line in lines if "==" in line and not line.startswith("#")}


def test_the_conda_environment_has_the_pins_of_requirements():
    environment = yaml.safe_load((ROOT / "envs/created_equal.yaml").read_text())
    (pip,) = (each["pip"] for each in environment["dependencies"] if isinstance(each, dict))
    assert pins(pip) == pins((ROOT / "requirements.txt").read_text().splitlines())


def test_what_is_asked_for_is_pinned():
    asked = {
        line.split("#")[0].strip() for line in (ROOT / "requirements.in").read_text().splitlines()
    } - {""}
    assert asked <= pins((ROOT / "requirements.txt").read_text().splitlines())


def test_every_place_that_names_a_version_of_snakemake_names_the_same():
    (oldest,) = re.findall(r'min_version\("(.+)"\)', (ROOT / "Snakefile").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"snakemake>={oldest},<10" in project["optional-dependencies"]["workflow"]
    (tested,) = re.findall(r'TESTED_WITH = "(.+)"', (ROOT / "rules/hooks.smk").read_text())
    assert f"snakemake=={tested}" in pins((ROOT / "requirements.txt").read_text().splitlines())


def test_links_lead_somewhere_and_nothing_is_left_to_fill_in():
    wrong = []
    for page in PAGES:
        text = page.read_text()
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        wrong += [f"{page}: {each}" for each in targets if not (page.parent / each).exists()]
        wrong += [f"{page}: @@"] if "@@" in text else []
    assert not wrong


def test_every_file_that_the_package_is_said_to_have_is_there():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = listed["tool"]["setuptools"]["package-data"]["created_equal"]
    tracked = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT / "src/created_equal",
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert [each for each in patterns if not fnmatch.filter(tracked, each)] == []
