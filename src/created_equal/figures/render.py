"""A figure's notebook, run with one study as its parameter."""

from pathlib import Path

import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from created_equal.errors import InputError
from created_equal.study import load_study

KERNEL = "python3"
# The kernel warns that it listens on this machine's own TCP ports, which is not for our readers.
QUIET = ["--log-level=ERROR"]


def render_figure(study: str, figure: str, log: Path | None = None) -> None:
    """Run ``notebooks/{figure}.ipynb``, which writes the figure's pdf, svg and png.

    Args:
        study: the study's name.
        figure: the figure's, for example ``"figure_01"``.
        log: where the executed notebook goes, kept when it fails; None:
            ``results/{study}/logs/{figure}.ipynb``.

    Raises:
        InputError: the study does not list the figure, the kernel is missing, or the notebook
            fails; an InputError inside the notebook comes out with the same sentence.
    """
    listed = load_study(study).figures
    if figure not in listed:
        raise InputError(
            f"the study {study} has no {figure}; name one of {', '.join(listed)}, or add it under "
            f"figures in config/studies/{study}.yaml."
        )
    notebook = Path("notebooks", f"{figure}.ipynb")
    if not notebook.is_file():
        raise InputError(
            f"{notebook} does not exist; run this in the root of the repository, where the "
            "notebooks are."
        )
    log = log or Path("results", study, "logs", f"{figure}.ipynb")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            notebook,
            log,
            parameters={"study": study},
            kernel_name=KERNEL,
            progress_bar=False,
            extra_arguments=QUIET,
        )
    except NoSuchKernel as error:
        raise InputError(
            f"{notebook} needs the Jupyter kernel {KERNEL}, which this Python does not have; "
            "install it with: python -m pip install ipykernel"
        ) from error
    except PapermillExecutionError as error:
        if error.ename == InputError.__name__:
            raise InputError(error.evalue) from error
        raise InputError(
            f"{notebook} failed for the study {study} with {error.ename} "
            f"({' '.join(error.evalue.split())}); the executed notebook, with the traceback, is "
            f"{log}."
        ) from error
    except DeadKernelError as error:
        raise InputError(
            f"the process that ran {notebook} for the study {study} was killed, most likely for "
            "want of memory; give it more, and run again."
        ) from error
