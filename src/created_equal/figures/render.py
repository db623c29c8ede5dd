"""Running a figure's notebook with the study, or studies, as its parameter."""

import errno
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.log import logger

from created_equal.errors import FULL, DamagedError, InputError, because
from created_equal.study import (
    CROSS_DATASET,
    FIGURES,
    NOTEBOOKS,
    RESULTS,
    Study,
    baselines_of,
    ensemble_across,
    ensembles_of,
    find,
    joined,
    load_configured,
    study_path,
    suggestion,
)

# With -P, a file in the current folder such as random.py does not hide a module.
COMMAND = [sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
STARTS = 3
# Seconds. Jupyter waits 4 for the output of a cell that has ended, which a busy machine may exceed.
LONGEST_START, LONGEST_CELL, LONGEST_OUTPUT = 60, 7200, 60
# The kernel would warn that it listens on local TCP ports, which is normal.
QUIET = ["--log-level=ERROR", "--IPKernelApp.exec_PYTHONSTARTUP=False"]


def render_figure(study: Study, figure: str) -> None:
    """Run ``notebooks/{figure}.ipynb``, which writes the figure as pdf, svg and png.

    The executed notebook is saved in ``results/{study}/logs``, even if it fails.

    Raises:
        InputError: the study does not have the figure, or cannot draw it (``Study.refused``);
            its scores were made for another definition; the Jupyter kernel does not start; or the
            notebook fails. An InputError that is raised in the notebook keeps its message.
    """
    file = study_path(study.name)
    if figure in study.refused:
        raise InputError(f"{file}: {' '.join(study.refused[figure])}")
    if figure not in study.figures:
        remedy = f"name one of {', '.join(study.figures)}, or add it under figures in {file}."
        if figure not in FIGURES:
            remedy = suggestion(figure, list(study.figures))
        raise InputError(f"the study {study.name} has no {figure}; {remedy}")
    entry = study.figures[figure]
    study.check_results(ensembles_of(entry), baselines_of(entry))
    log = RESULTS / study.name / "logs" / f"{figure}.ipynb"
    _run(figure, {"study_name": study.name}, log, f"the study {study.name}")


def render_cross_dataset(studies: Sequence[str]) -> None:
    """Run ``notebooks/cross_dataset.ipynb`` for the named studies that have a figure 1.

    Raises:
        InputError: no study has a figure 1, or see ``render_figure``.
    """
    loaded = {study: load_configured(study) for study in studies}
    shown = [name for name, study in loaded.items() if ensemble_across(study)]
    names = ", ".join(studies)
    if not shown:
        raise InputError(
            f"{CROSS_DATASET} shows the ensemble of each study's figure_01, but none of "
            f"{names} has one; add figure_01 to a study."
        )
    for name in shown:
        loaded[name].check_results([ensemble_across(loaded[name])])
    log = RESULTS / "logs" / f"{CROSS_DATASET}_{joined(shown)}.ipynb"
    _run(CROSS_DATASET, {"studies": shown}, log, f"the studies {names}")


def _run(name: str, parameters: Mapping, log: Path, studies: str) -> None:
    """Run a notebook; ``studies`` names its study or studies in error messages."""
    notebook = find(NOTEBOOKS / f"{name}.ipynb")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        _execute(notebook, parameters, log)
    except PapermillExecutionError as error:
        for kind in (InputError, DamagedError):
            if error.ename == kind.__name__:
                raise kind(error.evalue) from error
        raise InputError(
            f"{notebook} failed for {studies} with {error.ename} "
            f"({' '.join(error.evalue.split())}); the executed notebook, with the traceback, is "
            f"{log}."
        ) from error
    except CellTimeoutError as error:
        reason = " ".join(str(error).splitlines()[:2]).rstrip(".")
        raise InputError(
            f"{notebook} for {studies} did not end ({reason}); run again, or run it in Jupyter to "
            "see where it waits."
        ) from error
    except DeadKernelError as error:
        raise InputError(
            f"the process that ran {notebook} for {studies} was killed, most likely because memory "
            "ran out; free some memory, and run again."
        ) from error


class OwnKernel(AsyncKernelManager):
    """The kernel of this Python; other kernels and start-up files of Jupyter are ignored."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The command of the kernel."""
        return KernelSpec(argv=COMMAND, language="python")


class OwnEngine(Engine):
    """How papermill runs figures."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, arguments: list[str], **_: object
    ) -> None:
        """Run a notebook with these command-line arguments for its kernel."""
        client = PapermillNotebookClient(
            nb_man,
            log=logger,
            kernel_name=kernel_name,
            kernel_manager_class=OwnKernel,
            extra_arguments=arguments,
            startup_timeout=LONGEST_START,
            timeout=LONGEST_CELL,
            iopub_timeout=LONGEST_OUTPUT,
            # A kernel that shuts down by itself may print a traceback from ZeroMQ.
            shutdown_kernel="immediate",
        )
        # Its own execute asks for something at the end that may never come (papermill issue 711).
        client.reset_execution_trackers()
        with client.setup_kernel():
            client.papermill_execute_cells()


papermill_engines.register("own", OwnEngine)


def _execute(notebook: Path, parameters: Mapping, log: Path) -> None:
    # Jupyter picks free ports for a kernel before the kernel binds them. If many kernels start at
    # once, another process may take these ports first, and the kernel ends before it runs anything.
    with TemporaryDirectory(dir=log.parent, prefix=".ipython.") as settings:
        for attempt in range(1, STARTS + 1):
            try:
                papermill.execute_notebook(
                    notebook,
                    log,
                    parameters=parameters,
                    kernel_name="python3",
                    language="python",  # Editors may omit it in a notebook.
                    engine_name="own",
                    progress_bar=False,
                    arguments=[*QUIET, f"--ipython-dir={settings}"],
                )
                return
            # A cell that takes too long raises an OSError too.
            except (CellTimeoutError, DeadKernelError):
                raise
            except (OSError, RuntimeError) as error:
                is_of_log = str(getattr(error, "filename", "")).startswith(str(log.parent))
                if is_of_log or getattr(error, "errno", None) in {*FULL, errno.EFBIG}:
                    remedy = because(error, "make it writable, and run again")
                    where = log if is_of_log else f"{log}, or a file in {jupyter_runtime_dir()},"
                    raise InputError(f"{where} cannot be written {remedy}") from error
                if attempt == STARTS:
                    raise InputError(
                        f"the Jupyter kernel of {sys.executable} for {notebook} did not start in "
                        f"{STARTS} attempts ({error}); see above why, or install it again with: "
                        f"{sys.executable} -m pip install --force-reinstall ipykernel"
                    ) from error
