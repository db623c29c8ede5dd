"""The command line: every step of the workflow, usable without Snakemake.

Run it in the root of the repository. Each command reads config.yaml and config/studies, and imports
its stage late, so that a figure waits for no torch.
"""

import logging
import re
import sys
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from created_equal.errors import DELETE, DamagedError, InputError
from created_equal.study import (
    GET_AGAIN,
    REFERENCE,
    RESULTS,
    Ensemble,
    baseline_of,
    baseline_path,
    chosen_path,
    claims_path,
    dataset_path,
    load_config,
    load_configured,
    load_studies,
    load_study,
    predictions_path,
    results_test_path,
    scores_path,
    suggestion,
)

app = typer.Typer(
    help="In which order do neural networks learn, and do they all learn the same?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

StudyName = Annotated[str, typer.Argument(help="A study: a file in config/studies.")]
EnsembleName = Annotated[str, typer.Argument(help="One of the study's ensembles.")]


def main() -> None:
    """Run a command; what the user got wrong is said in one sentence, with exit code 2.

    A file below results that is found to be damaged is renamed, so that the next run of Snakemake
    makes it again, and nothing else that was finished.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    logging.getLogger("papermill").setLevel(logging.WARNING)
    # A log on a disk that is full ends no work.
    logging.raiseExceptions = False
    try:
        app()
    except DamagedError as error:
        _end(_set_aside(error))
    except InputError as error:
        _end(str(error))
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        _end(f"{what}{error.strerror or error}")


@app.command(name="build_dataset")
def build_dataset(
    study: StudyName,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data sets; default: as config.yaml says.")
    ] = None,
    download: Annotated[
        bool | None, typer.Option(help="Fetch what is missing; default: as config.yaml says.")
    ] = None,
) -> None:
    """Build a study's dataset from its source: results/STUDY/dataset.nc."""
    from created_equal import datasets
    from created_equal.artefacts import write_dataset

    config, definition = load_config(), load_study(study).dataset
    dataset = datasets.build_dataset(
        definition,
        config.data_root if data_root is None else data_root,
        config.download if download is None else download,
    )
    write_dataset(dataset, dataset_path(study), definition)


@app.command(name="derive_dataset")
def derive_dataset(study: StudyName, ensemble: EnsembleName) -> None:
    """Derive the dataset of an ensemble: results/STUDY/ENSEMBLE/dataset.nc and chosen.csv."""
    from created_equal import datasets
    from created_equal.artefacts import (
        read_chosen,
        read_dataset,
        read_scores,
        write_chosen,
        write_dataset,
    )

    definition = _ensemble(study, ensemble)
    if definition.derived is None:
        raise InputError(
            f"the ensemble {ensemble} has no dataset of its own; build that of the study with "
            f"created-equal build_dataset {study}."
        )
    if definition.ranked_by is None:
        made = datasets.derive_dataset(definition, read_dataset(dataset_path(study)))
    else:
        ranking = _ensemble(study, definition.ranked_by)
        made = datasets.derive_dataset(
            definition,
            read_dataset(ranking.dataset_path),
            read_scores(scores_path(study, ranking.name)),
            read_chosen(chosen_path(study, ranking.name)) if ranking.derived else None,
        )
    derived, chosen = made
    write_chosen(chosen, chosen_path(study, ensemble))
    write_dataset(derived, definition.dataset_path, definition.dataset)


@app.command(name="train_networks")
def train_networks(
    study: StudyName,
    ensemble: EnsembleName,
    networks: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST-LAST", help="For one job; default: all, in jobs as config.yaml says."
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda; default: as config.yaml says.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto, fp32, tf32 or bf16; default: as config.yaml says.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads on a CPU.", min=1)] = 1,
) -> None:
    """Train networks of an ensemble: results/STUDY/ENSEMBLE/predictions/FIRST-LAST.nc."""
    from created_equal.training import train_networks as train
    from created_equal.training.gpu_lock import lock_gpu

    config, definition = load_config(), _ensemble(study, ensemble)
    lock_gpu(device or config.device)
    jobs = (
        definition.batches(config.networks_per_job)
        if networks is None
        else [_first_and_last(networks)]
    )
    for first, last in jobs:
        train(
            definition,
            definition.dataset_path,
            range(first, last + 1),
            predictions_path(study, ensemble, first, last),
            device or config.device,
            precision or config.precision,
            threads,
            config.data_root,
        )


@app.command(name="score_ensemble")
def score_ensemble(
    study: StudyName,
    ensemble: EnsembleName,
    predictions: Annotated[
        list[Path] | None,
        typer.Argument(help="Predictions files; default: those of train_networks."),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(help="Score networks 0 to this less 1; default: as configured.", min=1),
    ] = None,
) -> None:
    """Score an ensemble from its predictions: results/STUDY/ENSEMBLE/scores.nc."""
    from created_equal import scores
    from created_equal.artefacts import definition_of, moved_examples, write_scores

    config, definition = load_config(), _ensemble(study, ensemble)
    definition = replace(definition, networks=networks or definition.networks)
    paths = predictions or definition.predictions_paths(config.networks_per_job)
    moves = "move_to_test" in (definition.derived or {})
    moved = moved_examples(chosen_path(study, ensemble)) if moves else None
    scored = scores.score_ensemble(paths, definition.networks, moved)
    write_scores(scored, scores_path(study, ensemble), definition_of(scored))


@app.command(name="fit_baseline")
def fit_baseline(
    study: StudyName,
    baseline: Annotated[str, typer.Argument(help="One of the study's baselines, as svm.")],
) -> None:
    """Fit a classifier that is no network: results/STUDY/baselines/BASELINE.nc."""
    from created_equal import baselines

    baselines.fit_baseline(
        baseline_of(load_study(study), baseline),
        dataset_path(study),
        baseline_path(study, baseline),
    )


@app.command(name="render_figure")
def render_figure(
    study: StudyName,
    figure: Annotated[str, typer.Argument(help="One of the study's figures, as figure_01.")],
) -> None:
    """Render a figure from its notebook: paper_figures/STUDY/FIGURE.pdf, .svg and .png."""
    from created_equal.figures.render import render_figure as render

    render(load_configured(study), figure)


@app.command(name="render_cross_dataset")
def render_cross_dataset(
    studies: Annotated[
        list[str] | None, typer.Argument(help="Studies; default: those of config.yaml.")
    ] = None,
) -> None:
    """Render the figure of several studies: paper_figures/cross_dataset.pdf, .svg and .png."""
    from created_equal.figures.render import render_cross_dataset as render

    render(studies or load_config().studies)


@app.command(name="check_claims")
def check_claims(study: StudyName) -> None:
    """Put the paper's claims beside the results: results/STUDY/claims.csv and claims.html."""
    from created_equal.claims.check import check_claims as check
    from created_equal.claims.evidence import open_evidence
    from created_equal.claims.page import write_page
    from created_equal.claims.table import write_table

    definition = load_configured(study)
    with open_evidence(definition, load_config().networks_per_job) as evidence:
        rows, warnings = check(evidence), evidence.warnings()
    write_page(rows, definition.title, warnings, claims_path(study, "html"))
    write_table(rows, claims_path(study, "csv"))


@app.command(name="test_results")
def test_results(study: StudyName) -> None:
    """Test that the results are those that the study asks for: results/STUDY/results_test.txt."""
    from created_equal.artefacts import write_whole
    from created_equal.claims import results

    found = results.test_results(load_configured(study), load_config().networks_per_job)
    text = "".join(f"{sentence}\n" for sentence in found)
    write_whole(results_test_path(study), text.encode())


@app.command(name="keep_scores")
def keep_scores(study: StudyName) -> None:
    """Keep the scores behind a study's figures and claims with the code: reference/STUDY."""
    from created_equal.study import keep_scores as keep

    for sentence in keep(load_study(study)):
        print(sentence)


@app.command(name="plan")
def plan(
    studies: Annotated[
        list[str] | None, typer.Argument(help="Studies; default: those of config.yaml.")
    ] = None,
    networks: Annotated[
        int | None, typer.Option(help="Networks in each ensemble; default: as configured.", min=1)
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda; default: as config.yaml says.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="auto, fp32, tf32 or bf16; default: as config.yaml says.")
    ] = None,
) -> None:
    """Say what would be trained, what is there already, and how long the rest takes here."""
    from created_equal.planning.plan import print_plan

    config = load_config()
    print_plan(
        list(load_studies(studies or config.studies, networks or config.networks).values()),
        device or config.device,
        precision or config.precision,
    )


def _end(sentence: str) -> NoReturn:
    # The disk that the log is on may be full; that the command failed is known all the same.
    with suppress(OSError):
        print(f"created-equal: {sentence}", file=sys.stderr)
    sys.exit(2)


def _set_aside(error: DamagedError) -> str:
    """Rename a damaged file, if it is below results; return the sentence that says so."""
    path = error.path
    if path.resolve().is_relative_to(REFERENCE.resolve()):
        return f"{str(error).removesuffix(DELETE)}{GET_AGAIN}"
    if not path.resolve().is_relative_to(RESULTS.resolve()):
        return str(error)
    names = (path.with_name(f"{path.name}.damaged{n or ''}") for n in count())
    aside = next(name for name in names if not name.exists())
    try:
        path.rename(aside)
    except FileNotFoundError:
        return f"{str(error).removesuffix(DELETE)}it is gone now: run again to rebuild it."
    except OSError:
        return str(error)
    return f"{str(error).removesuffix(DELETE)}it is now {aside.name}: run again to rebuild it."


def _ensemble(study: str, ensemble: str) -> Ensemble:
    ensembles = load_configured(study).ensembles
    if ensemble not in ensembles:
        raise InputError(
            f"the study {study} has no ensemble {ensemble}; {suggestion(ensemble, list(ensembles))}"
        )
    return ensembles[ensemble]


def _first_and_last(networks: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", networks)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise InputError(
            f"--networks {networks} is not a range of networks; write it as 0-4, or 7 for one."
        )
    return first, last
