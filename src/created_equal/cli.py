"""The command line: every step of the workflow as a command.

Each command reads config.yaml and config/studies of the current folder, or those that come with the
package, and writes to results. Commands import their stage only when called, so that rendering a
figure does not import torch.
"""

import atexit
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import wraps
from importlib import metadata
from inspect import Parameter, signature
from itertools import count, pairwise
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Annotated, NoReturn

import typer

from created_equal.errors import CONSOLE_VARIABLE, DELETE, DamagedError, InputError, because
from created_equal.study import (
    GET_AGAIN,
    REFERENCE,
    REPOSITORY,
    RESULTS,
    Ensemble,
    baseline_of,
    baseline_path,
    baselines_in,
    changed_config,
    check_networks_differ,
    chosen_path,
    claims_path,
    dataset_path,
    ensemble_of,
    ensembles_in,
    explorer_path,
    find,
    load_config,
    load_configured,
    load_studies,
    load_study,
    plain_name,
    predictions_folder,
    predictions_folders,
    predictions_path,
    results_test_path,
    roles_of,
    scores_path,
    tables_path,
)

# Files that a command may open at once. The usual limit is 1,024, below the hard one.
FILES = 65_536

app = typer.Typer(
    epilog="The steps of a study, in this order: build_dataset, train_networks, score_ensemble, "
    "then render_figure, check_claims and test_results; derive_dataset and fit_baseline for "
    "ensembles and figures that need them. snakemake --cores all runs all steps. "
    "Commands of a study read config.yaml, and take --config key=value ... like snakemake. "
    "Example: created-equal plan digits --config epochs=4 networks=3",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

StudyName = Annotated[
    str,
    typer.Argument(
        metavar="study",
        help="A study: the name of a file in config/studies.",
        callback=plain_name,
    ),
]
EnsembleName = Annotated[
    str, typer.Argument(metavar="ensemble", help="One of the study's ensembles.")
]
StudyNames = Annotated[
    list[str] | None, typer.Argument(help="Studies; default: those in config.yaml.")
]
NumberOfNetworks = Annotated[
    int | None,
    typer.Option("--networks", help="Networks per ensemble; default: as configured.", min=1),
]
Device = Annotated[str | None, typer.Option(help="auto, cpu or cuda; default: as in config.yaml.")]
Precision = Annotated[
    str | None, typer.Option(help="auto, fp32, tf32 or bf16; default: as in config.yaml.")
]
Settings = Annotated[
    list[str],
    typer.Option(
        "--config",
        metavar="KEY=VALUE ...",
        help="Settings to use in place of those in config.yaml, for example epochs=4 networks=3.",
        default_factory=list,
        show_default=False,
    ),
]


def _command(example: str, takes_config: bool = True) -> Callable:
    """Register a function as a command, which may also take --config; its help has the example."""

    def register(function: Callable) -> Callable:
        @wraps(function)
        def run(*, config: Sequence[str] = (), **arguments: object) -> None:
            try:
                with changed_config(config):
                    function(**arguments)
            except KeyboardInterrupt:  # Typer would end without a word.
                # Libraries that are stopped halfway report errors of their own.
                logging.disable()
                sys.unraisablehook = lambda _: None
                _end("stopped by Ctrl-C; run again to resume.", 130)

        if takes_config:
            described = signature(function)
            added = Parameter("config", Parameter.KEYWORD_ONLY, annotation=Settings)
            parameters = [*described.parameters.values(), added]
            run.__signature__ = described.replace(parameters=parameters)
            run.__annotations__ = function.__annotations__ | {"config": Settings}
        app.command(name=function.__name__, epilog=f"Example: created-equal {example}")(run)
        return function

    return register


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        print(f"created-equal {metadata.version('created-equal')}")
        raise typer.Exit


@app.callback()
def callback(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Do neural networks learn the same examples in the same order?"""


def main() -> None:
    """Run a command; invalid input ends it with one sentence and exit code 2.

    A damaged file below results is renamed, so that the next run of Snakemake rebuilds only this
    file and the files that depend on it.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    for chatty in ("papermill", "fontTools", "torch"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    _copy_to_console()
    with suppress(AttributeError):  # Signs that a terminal cannot show are replaced.
        sys.stdout.reconfigure(errors="replace")
    # A log that cannot be written, because the disk is full, must not end the command.
    logging.raiseExceptions = False
    _raise_limit_of_files()
    # Figures need no window, and an unknown backend would break the import of matplotlib.
    os.environ.pop("MPLBACKEND", None)
    try:
        _give_home()
        app(_config_last(sys.argv[1:]))
    except DamagedError as error:
        _end(_set_aside(error))
    except InputError as error:
        _end(str(error))
    except MemoryError as error:
        _end(f"memory is too small ({error}); use fewer or smaller images, or another machine.")
    except OSError as error:
        # An error without a file name comes from a library, most likely from a temporary file.
        place = error.filename or f"a file, perhaps in {gettempdir()} (TMPDIR),"
        _end(f"{place} cannot be used {because(error, 'check it, and run again')}")


@_command("build_dataset digits")
def build_dataset(
    study_name: StudyName,
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data; default: as in config.yaml.")
    ] = None,
    download: Annotated[
        bool | None, typer.Option(help="Download missing data; default: as in config.yaml.")
    ] = None,
) -> None:
    """Build a study's dataset from its source; writes results/STUDY/dataset.nc."""
    from created_equal import datasets
    from created_equal.artefacts import write_dataset

    config, definition = load_config(), load_study(study_name).dataset
    dataset = datasets.build_dataset(
        definition,
        data_root or config.data_root,
        config.download if download is None else download,
    )
    write_dataset(dataset, dataset_path(study_name), definition)


@_command("derive_dataset digits hardest_moved")
def derive_dataset(study_name: StudyName, ensemble_name: EnsembleName) -> None:
    """Derive an ensemble's dataset; writes results/STUDY/ENSEMBLE/dataset.nc and chosen.csv."""
    from created_equal import artefacts, datasets

    study = load_configured(study_name)
    ensemble = ensemble_of(study, ensemble_name)
    if not ensemble.derived:
        raise InputError(
            f"the ensemble {ensemble_name} has no dataset of its own; build that of the study with "
            f"created-equal build_dataset {study_name}."
        )
    ranking = study.ensembles.get(ensemble.ranked_by)
    if ranking:
        study.check_dataset(ranking.name)
    path = ranking.dataset_path if ranking else dataset_path(study_name)
    dataset = artefacts.read_dataset(path)
    artefacts.check_definition(path, artefacts.definition_of(dataset), (ranking or study).dataset)
    scores, earlier = None, None
    if ranking:
        scores = artefacts.read_scores(scores_path(study_name, ranking.name))
        if ranking.derived:
            earlier = artefacts.read_chosen(chosen_path(study_name, ranking.name))
    derived, chosen = datasets.derive_dataset(ensemble, dataset, scores, earlier)
    artefacts.write_chosen(chosen, chosen_path(study_name, ensemble_name))
    source = {"data": artefacts.fingerprint(dataset)}
    artefacts.write_dataset(derived, ensemble.dataset_path, ensemble.dataset | source)


@_command("train_networks digits st_vgg --networks 0-6")
def train_networks(
    study_name: StudyName,
    ensemble_name: EnsembleName,
    networks: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST-LAST", help="Seeds to train; default: all, in jobs as in config.yaml."
        ),
    ] = None,
    device: Device = None,
    precision: Precision = None,
    threads: Annotated[int, typer.Option(help="Threads on a CPU.", min=1)] = 1,
) -> None:
    """Train an ensemble's networks; writes results/STUDY/ENSEMBLE/predictions/FIRST-LAST.nc."""
    from created_equal.training import train_networks as train
    from created_equal.training.gpu_lock import lock_gpu

    config, study = load_config(), load_configured(study_name)
    ensemble = ensemble_of(study, ensemble_name)
    study.check_dataset(ensemble_name)
    lock_gpu(device or config.device)
    jobs = (
        ensemble.batches(config.networks_per_job) if networks is None else [_parse_range(networks)]
    )
    for first, last in jobs:
        train(
            ensemble,
            ensemble.dataset_path,
            range(first, last + 1),
            predictions_path(study_name, ensemble_name, first, last),
            device or config.device,
            precision or config.precision,
            threads,
            config.data_root,
        )


@_command("score_ensemble digits st_vgg")
def score_ensemble(
    study_name: StudyName,
    ensemble_name: EnsembleName,
    predictions: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Predictions files, all of whose networks are scored unless --networks is given; "
            "default: all that train_networks writes."
        ),
    ] = None,
    n_networks: NumberOfNetworks = None,
) -> None:
    """Score an ensemble from its predictions; writes results/STUDY/ENSEMBLE/scores.nc."""
    from created_equal import artefacts, scores

    ensemble = _load_ensemble(study_name, ensemble_name)
    if not predictions:
        n_networks = n_networks or ensemble.n_networks
        all_networks = replace(ensemble, n_networks=n_networks)
        predictions = all_networks.predictions_paths(load_config().networks_per_job)
    moved = None
    if "move_to_test" in ensemble.derived:
        moved = artefacts.moved_examples(chosen_path(study_name, ensemble_name))
    for path in predictions:
        artefacts.check_if_made_for(path, ensemble.definition)
    scored = scores.score_ensemble(predictions, n_networks, moved)
    definition = artefacts.definition_of(scored)
    artefacts.write_scores(scored, scores_path(study_name, ensemble_name), definition)


@_command("fit_baseline digits svm")
def fit_baseline(
    study_name: StudyName,
    baseline: Annotated[str, typer.Argument(help="One of the study's baselines, for example svm.")],
) -> None:
    """Fit a scikit-learn classifier; writes results/STUDY/baselines/BASELINE.nc.

    With scores=reference, its predictions are copied from reference/STUDY if they are kept there.
    """
    from created_equal import baselines

    is_kept = load_config().scores == REFERENCE.name
    baselines.fit_baseline(
        baseline_of(load_study(study_name), baseline),
        dataset_path(study_name),
        baseline_path(study_name, baseline),
        find(baseline_path(study_name, baseline, REFERENCE)) if is_kept else None,
    )


@_command("render_figure digits figure_01")
def render_figure(
    study_name: StudyName,
    figure: Annotated[
        str, typer.Argument(help="One of the study's figures, for example figure_01.")
    ],
) -> None:
    """Run a figure's notebook; writes paper_figures/STUDY/FIGURE.pdf, .svg and .png."""
    from created_equal.figures.render import render_figure as render

    render(load_configured(study_name), figure)


@_command("render_cross_dataset digits mnist")
def render_cross_dataset(studies: StudyNames = None) -> None:
    """Render the figure of several studies; writes paper_figures/STUDY+STUDY/cross_dataset.pdf."""
    from created_equal.figures.render import render_cross_dataset as render

    render([*map(plain_name, studies or load_config().studies)])


@_command("explore digits st_vgg")
def explore(
    study_name: StudyName,
    ensemble_names: Annotated[
        list[str],
        typer.Argument(metavar="ensemble", help="One or two of the study's ensembles."),
    ],
) -> None:
    """Write a page with every image, epoch by epoch: results/STUDY/ENSEMBLE/explorer.html."""
    from created_equal.artefacts import open_dataset, read_scores
    from created_equal.explorer import write_explorer

    if len(ensemble_names) > 2 or len(set(ensemble_names)) < len(ensemble_names):
        raise InputError(
            f"the explorer shows one ensemble or two different ones, not {' '.join(ensemble_names)}"
            "; name one or two."
        )
    study, data_root = load_configured(study_name), load_config().data_root
    ensembles = [ensemble_of(study, name) for name in ensemble_names]
    check_networks_differ(study, ensemble_names)
    study.check_results(ensemble_names)
    scores = {each.name: read_scores(study.scores_path(each.name)) for each in ensembles}
    with open_dataset(dataset_path(study_name)) as dataset:
        write_explorer(study, scores, dataset, data_root, explorer_path(study_name, *scores))


@_command("score predictions", takes_config=False)
def score(
    folder: Annotated[
        Path, typer.Argument(help="A folder of predictions files, as the recorder writes them.")
    ],
) -> None:
    """Score a folder of predictions without a study; writes scores, figures and pages into it."""
    from created_equal.score_folder import score_folder

    for sentence in score_folder(folder):
        print(sentence)
    print(f"wrote all results that the predictions allow into {folder}")


@_command("compare digits st_vgg linear_st_vgg")
def compare(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[study] ensemble other",
            help="A study and two of its ensembles; or scores files, or their folders. The other "
            "may be a published score: a .csv, .parquet, .npz or .npy file with a row for each "
            "example.",
        ),
    ],
    column: Annotated[
        str | None, typer.Option(help="The published score's column; default: the only one.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The column of names or positions; default: example or id, or by order."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="The set of the published rows, train or test, if unclear.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The figure; default: compare_OTHER.png, next to the first scores."),
    ] = None,
) -> None:
    """Compare an ensemble's accessibility with that of another, or with a published score.

    Prints the correlations in a sentence, and writes them with a figure: compare_OTHER.png, .csv.
    """
    from created_equal.compare.command import run_compare

    if len(what) == 2:  # Without a study, a folder stands for the scores in it.
        what = [f"{each}/scores.nc" if Path(each).is_dir() else each for each in what]
    what = [plain_name(what[0]), *what[1:]]
    is_path = "/" in what[0] or "." in what[0]
    study = None if is_path else load_configured(what[0])
    print(run_compare(study, what if is_path else what[1:], column, key, split, out))


@_command("tabulate_examples digits st_vgg")
def tabulate_examples(study_name: StudyName, ensemble_name: EnsembleName) -> None:
    """Write a table with a row for each example, and the sheet of the hardest images.

    Writes results/STUDY/ENSEMBLE/examples.csv and .parquet, epochs.csv and hardest.png.
    """
    from created_equal.exchange import about, write_tables
    from created_equal.figures import hardest
    from created_equal.figures.saving import save_as

    folder = tables_path(study_name, ensemble_name, "examples.csv").parent
    with _opened(study_name, ensemble_name) as (study, dataset, scores):
        write_tables(scores, dataset, about(scores, study_name, ensemble_name), folder)
        label, data_root = study.label(ensemble_name), load_config().data_root
        page = hardest.draw(scores, dataset, study.title, label, data_root)
    save_as(page, folder / "hardest.png")


@_command("export_scores digits st_vgg folder")
def export_scores(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="study ensemble",
            help="A study and one of its ensembles; or a folder that created-equal score scored.",
        ),
    ],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    images: Annotated[bool, typer.Option("--images", help="With the images.")] = False,
) -> None:
    """Write an ensemble's scores for others' tools: Parquet, CSV, images, a dataset card."""
    from created_equal.exchange import about
    from created_equal.exchange.export import export_scores as export

    if len(what) > 2 or (len(what) == 1 and not Path(what[0]).is_dir()):
        raise InputError(
            f"{' '.join(what)} is neither a study and an ensemble nor a folder; name one of these."
        )
    with ExitStack() as stack:
        if len(what) == 1:
            from created_equal.score_folder import ENSEMBLE, opened

            name, ensemble = Path(what[0]).resolve().name, ENSEMBLE
            dataset, scores = stack.enter_context(opened(Path(what[0])))
        else:
            name, ensemble = plain_name(what[0]), what[1]
            _, dataset, scores = stack.enter_context(_opened(name, ensemble))
        words = about(scores, name, ensemble)
        export(scores, dataset, words, folder, images, load_config().data_root)


@_command("import_predictions cartography training_dynamics imported", takes_config=False)
def import_predictions(
    source: Annotated[
        str,
        typer.Argument(
            metavar="format",
            help="cartography, aum, logits, correctness, table or model_vs_human.",
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The log: a file or a folder, see docs/tables.md.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for predictions files.")],
    labels: Annotated[
        Path | None, typer.Option(help="A .npy file of labels, for logits and correctness.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="Names of the classes (cat,dog), or their number.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="train or test, if the log does not say.")
    ] = None,
    first_epoch: Annotated[
        int | None, typer.Option(help="Number of the first epoch; 0 if it is untrained.")
    ] = None,
) -> None:
    """Write others' logs as predictions files, for created-equal score FOLDER."""
    from created_equal.exchange.import_predictions import import_predictions as read

    read(source, path, folder, labels, classes, split, first_epoch)


@_command("check_claims digits")
def check_claims(study_name: StudyName) -> None:
    """Check the paper's claims; writes results/STUDY/claims.csv and claims.html."""
    from created_equal.beyond import read_findings, without_inapplicable
    from created_equal.claims.check import check_claims as check
    from created_equal.claims.claim import read_claims
    from created_equal.claims.evidence import open_evidence
    from created_equal.claims.page import write_page, write_table

    study = load_configured(study_name)
    roles = roles_of(study)
    study.check_results(ensembles_in(roles), baselines_in(roles))
    with open_evidence(study, load_config().networks_per_job) as evidence:
        rows = without_inapplicable(check(evidence, [*read_claims(), *read_findings()]))
        warnings = evidence.warnings()
    write_page(rows, study.title, study.note, warnings, claims_path(study_name, "html"))
    write_table(rows, claims_path(study_name, "csv"))


@_command("test_results digits")
def test_results(study_name: StudyName) -> None:
    """Test that the results match the study; writes results/STUDY/results_test.txt."""
    from created_equal.artefacts import write_atomically
    from created_equal.planning import results

    found = results.test_results(load_configured(study_name), load_config().networks_per_job)
    text = "".join(f"{sentence}\n" for sentence in found)
    write_atomically(results_test_path(study_name), text.encode())


@_command("keep_scores digits")
def keep_scores(study_name: StudyName) -> None:
    """Copy the scores and baselines of a study's figures and claims to reference/STUDY, for git."""
    from created_equal.study import keep_scores as keep

    for sentence in keep(load_study(study_name)):
        print(sentence)


@_command("keep_predictions digits st_vgg")
def keep_predictions(study_name: StudyName, ensemble_name: EnsembleName) -> None:
    """Copy an ensemble's trained networks to reference/STUDY/ENSEMBLE/predictions, for git.

    Training finds them there, so that another machine resumes where this one stopped.
    """
    from created_equal.artefacts import fingerprint, read_dataset
    from created_equal.training import PredictionsFolder, networks_definition

    ensemble = _load_ensemble(study_name, ensemble_name)
    definition = networks_definition(ensemble, fingerprint(read_dataset(ensemble.dataset_path)))
    ((folder, *others),) = predictions_folders(ensemble)
    networks = PredictionsFolder(folder, definition, others)
    if not networks.find():
        raise InputError(
            f"{study_name}/{ensemble_name} has no finished networks for its dataset as it is now; "
            "train them first."
        )
    reference = predictions_folder(study_name, ensemble_name, REFERENCE)
    kept = networks.copy_missing(reference)
    print(f"wrote {kept}" if kept else f"{reference} has all finished networks already")


@_command("plan small_mammals --only figure_01")
def plan(
    studies: StudyNames = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="An ensemble or a figure; may be repeated. Default: all ensembles."),
    ] = None,
    n_networks: NumberOfNetworks = None,
    device: Device = None,
    precision: Precision = None,
) -> None:
    """Print how many networks are trained already, and how long the rest takes on this machine.

    The machine is measured, which takes about 10 seconds, and longer if other programs run.
    """
    from created_equal.planning.plan import print_plan

    config = load_config()
    names = [*map(plain_name, studies or config.studies)]
    loaded = load_studies(names, n_networks or config.networks, epochs=config.epochs)
    print_plan(
        [*loaded.values()],
        device or config.device,
        precision or config.precision,
        config.networks_per_job,
        only or (),
    )


def _config_last(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with --config at the end, once for each of its words.

    Like Snakemake's, it takes several words, wherever it stands: all that follow it and have a "=".
    """
    others, settings, is_config = [], [], False
    for before, word in pairwise(["", *arguments]):
        option, equals, value = word.partition("=")
        if option == "--config":
            is_config = True
            settings += [value] if equals else []
        elif before == "--config" or (is_config and equals and not option.startswith("-")):
            settings.append(word)
        else:
            is_config = False
            others.append(word)
    if not others:  # Without a command, there is help.
        return []
    return others + [f"--config={word}" for word in settings]


def _raise_limit_of_files() -> None:
    """Raise the limit of open files, because all files of an ensemble are scored at once.

    Windows has no such limit, and macOS may refuse one below an unlimited hard one.
    """
    with suppress(ModuleNotFoundError, ValueError):
        import resource

        unlimited = resource.RLIM_INFINITY
        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if most == unlimited else min(most, FILES)
        if now != unlimited and now < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _give_home() -> None:
    """Give a user without a home, as in some containers, a temporary one: Jupyter needs it.

    It is a folder of its own, because Jupyter runs what others may have put into a shared one.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = mkdtemp(prefix="created-equal-")
        atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)


def _copy_to_console() -> None:
    """Show warnings and progress on the console of the workflow that runs this command, if any."""
    number = os.environ.pop(CONSOLE_VARIABLE, None)
    # The file is missing if this is not the command of a rule.
    with suppress(OSError, TypeError):
        handler = logging.StreamHandler(os.fdopen(int(number), "w", encoding="utf-8"))
        handler.addFilter(
            lambda record: record.levelno > logging.INFO or hasattr(record, "on_console")
        )
        handler.setFormatter(logging.Formatter("created-equal: %(message)s"))
        logging.getLogger().addHandler(handler)


def _end(sentence: str, status: int = 2) -> NoReturn:
    # The log may be on a full disk; the exit code still reports the failure.
    with suppress(OSError):
        print(f"created-equal: {sentence}", file=sys.stderr)
    sys.exit(status)


def _set_aside(error: DamagedError) -> str:
    """Rename a damaged file if it is below results; return the message for the user."""
    path, damage = error.path, str(error).removesuffix(DELETE)
    kept = (REFERENCE.resolve(), (REPOSITORY / REFERENCE).resolve())
    if any(path.resolve().is_relative_to(folder) for folder in kept):
        return f"{damage}{GET_AGAIN}"
    if not path.resolve().is_relative_to(RESULTS.resolve()):
        return str(error)
    names = (path.with_name(f"{path.name}.damaged{n or ''}") for n in count())
    new_path = next(name for name in names if not name.exists())
    try:
        path.rename(new_path)
    except FileNotFoundError:
        return f"{damage}it is gone now: run again to rebuild it."
    except OSError:
        return str(error)
    return f"{damage}it is now {new_path.name}: run again to rebuild it."


def _load_ensemble(study_name: str, name: str) -> Ensemble:
    return ensemble_of(load_configured(study_name), name)


@contextmanager
def _opened(study_name: str, ensemble_name: str) -> Iterator[tuple]:
    """Yield a study, its dataset and the scores of one of its ensembles, which are open."""
    from created_equal.artefacts import open_dataset, open_scores

    study = load_configured(study_name)
    path = study.scores_path(ensemble_of(study, ensemble_name).name)
    study.check_results([ensemble_name])
    with open_dataset(dataset_path(study_name)) as dataset, open_scores(path) as scores:
        yield study, dataset, scores


def _parse_range(networks: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", networks)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise InputError(
            f"--networks {networks} is not a range of seeds; write it as 0-4, or 7 for one seed."
        )
    return first, last
