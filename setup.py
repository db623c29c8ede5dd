"""Copy the workflow, studies and notebooks of the repository into the package that is built.

They stay at the top of the repository; ``created_equal.paths`` finds them in both places.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FILES = ("Snakefile", "config.yaml")
FOLDERS = (
    *("config", "envs", "notebooks", "profiles", "reference", "report", "rules", "schemas"),
    "slurm",
)
WITHOUT = shutil.ignore_patterns(".*", "__pycache__")


class BuildWithRepository(build_py):
    """Build the package with a copy of these files and folders in created_equal/repository."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "created_equal", "repository")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in FILES:
            shutil.copy2(name, target / name)
        for name in FOLDERS:
            shutil.copytree(name, target / name, ignore=WITHOUT)


setup(cmdclass={"build_py": BuildWithRepository})
