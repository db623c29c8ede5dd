"""Everything that needs a GPU, in one command and in a given time, the most important first.

    python benchmarks/gpu.py --minutes 30 --out gpu

    tests      the tests marked gpu, for at most four minutes
    precision  tf32 and bf16 against fp32: do they train an equal ensemble?
    ways       the engine, a plain loop and vmap, for half a minute each; with --candidate also the
               kernels in that folder
    training   the study's ensembles one after the other, in the fastest precision that trains an
               equal ensemble

It needs neither Snakemake nor a network connection, only the study's dataset (or its source, in
``data_root``). The results of every step are written to --out as soon as it is finished:
measurements to gpu.json, trained networks to networks-N.tar, and all output to log.txt, together at
most five files of at most 16 MB. The next run with the same --out repeats unfinished steps only,
and takes finished networks from the archives.
"""

import argparse
import io
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from created_equal.artefacts import definition_in_head, open_predictions, write_atomically
from created_equal.definitions import canonical, in_study
from created_equal.errors import InputError
from created_equal.planning.existing import built_extent, finished_networks
from created_equal.study import (
    CONFIG_VARIABLE,
    Ensemble,
    Study,
    dataset_path,
    load_study,
    predictions_path,
    read_yaml,
)

COMMAND = [sys.executable, "-m", "created_equal"]
BENCHMARK = [sys.executable, str(Path(__file__).with_name("training.py"))]
# Names are printed before each test runs, and where a test hangs is printed after a minute.
PYTEST_OPTIONS = ["-vv", "-o", "faulthandler_timeout=60", "-m", "gpu"]
TESTS = [sys.executable, "-m", "pytest", *PYTEST_OPTIONS, "tests/training"]
NO_TESTS = 5  # pytest's exit code when no test is selected
# The last seconds are for commands to stop after SIGTERM, and for the archives and the table.
SECONDS_TO_END, SECONDS_TO_STOP = 20, 15
# Limits that a run reaches only if something is wrong, the second one for each precision.
SECONDS_OF_TESTS, SECONDS_OF_PRECISION = 240, 180
# Networks of an ensemble are trained in jobs of this many, each with an output of a few MB.
NETWORKS_PER_JOB = 50
MOST_ARCHIVES, FILE_BYTES = 3, 16_000_000
CHARACTERS_SHOWN = 2000
# An ensemble is equal to that of fp32 if the correlation of accessibility is at least the first,
# and the difference of mean test accuracy at most the second.
LEAST_CORRELATION, LARGEST_DIFFERENCE = 0.99, 0.005
# On one H100 or H200: seconds for 100 networks of small mammals' st_vgg, and how many times as fast
# as a plain loop and as vmap.
TARGETS = {"seconds": (150, 60), "loop": 8, "vmap": 3}


class OutOfTimeError(Exception):
    """The given time is over."""


class Session:
    """The folder of the results, including those of earlier runs, and the deadline of this one."""

    def __init__(self, out: Path, minutes: float):
        self.out = out
        self._log = out / "log.txt"
        self._end = time.monotonic() + 60 * minutes - SECONDS_TO_END
        file = out / "gpu.json"
        self.results = json.loads(file.read_text()) if file.is_file() else {}

    @property
    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    def write(self, step: str, result: dict) -> None:
        """Save the result of a step."""
        self.results[step] = result
        write_atomically(self.out / "gpu.json", json.dumps(self.results, indent=2).encode())

    def run(self, command: Sequence[str], limit: float = math.inf) -> tuple[int, str]:
        """Run a command, and add its output to the log; stop it after ``limit`` seconds.

        Nothing that it started outlives it, however it ends. Returns the exit code (minus the
        number of the signal that ended it, if one did) and the end of the output. Raises
        OutOfTimeError if the deadline came first.
        """
        print("$", *command, flush=True)
        # Through a pipe, we would wait for every process that holds it open.
        with self._log.open("a+b") as log:
            log.write(f"$ {shlex.join(command)}\n".encode())
            log.flush()
            start = log.tell()
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            left = max(self.seconds_left, 0.1)
            try:
                process.wait(min(limit, left))
            except subprocess.TimeoutExpired as error:
                if left <= limit:
                    raise OutOfTimeError from error
            finally:
                stop(process)
                log.seek(start)
                output = log.read().decode(errors="replace")[-CHARACTERS_SHOWN:]
                print(output, flush=True)
                if log.tell() > FILE_BYTES:
                    self._log.write_bytes(self._log.read_bytes()[-FILE_BYTES:])
        return process.returncode, output

    def succeed(self, command: Sequence[str]) -> None:
        """Run a command; raise InputError with its last line if it fails."""
        code, output = self.run(command)
        if code:
            raise InputError(last_line(output) or f"exit code {code}")


def stop(process: subprocess.Popen) -> None:
    """Stop a command that leads a process group, and kill what is left of the group."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def exit_on_signals() -> None:
    """Turn signals that would end this process at once into SystemExit, so commands are stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def last_line(output: str) -> str:
    """Return the last line of a command's output without pytest's ornaments."""
    return (output.strip().splitlines() or [""])[-1].strip("= ")


def run_tests(session: Session, args: argparse.Namespace) -> dict:
    """Run the tests that use a GPU."""
    code, output = session.run(TESTS, SECONDS_OF_TESTS)
    if code < 0:
        summary = f"not finished, ended by {signal.Signals(-code).name} (see log.txt)"
    else:
        summary = "no GPU" if code == NO_TESTS else last_line(output)
    return {"passed": code == 0, "summary": summary}


def compare_precisions(session: Session, args: argparse.Namespace) -> dict:
    """Train equal seeds in every precision that the device has."""
    options = ["--ways", "engine", "--networks", min(20, n_networks(args))]
    options += ["--epochs", args.epochs_compared, "--limit", SECONDS_OF_PRECISION]
    return run_benchmark(session, args, "precision", options)


def compare_ways(session: Session, args: argparse.Namespace) -> dict:
    """Measure each way of training, in fp32 and in the precision that the training step uses."""
    precisions = dict.fromkeys(["fp32", fastest_precision(session.results)])
    options = ["--networks", n_networks(args), "--limit", args.limit]
    options += ["--precisions", ",".join(precisions)]
    if args.candidate:
        options += ["--candidate", args.candidate]
    return run_benchmark(session, args, "ways", options)


def run_benchmark(session: Session, args: argparse.Namespace, step: str, options: Sequence) -> dict:
    """Run benchmarks/training.py and return its results; if it is stopped, its rows are saved."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "benchmark.json")
        try:
            given = ["--study", args.study, "--json", file, *options]
            session.succeed([*BENCHMARK, *map(str, given)])
            return json.loads(file.read_text())
        finally:
            if file.is_file():
                session.write(step, json.loads(file.read_text()) | {"is_finished": False})


def fastest_precision(results: dict) -> str:
    """Return the fastest precision whose ensemble is known to equal that of fp32.

    Preparation does not count: it is most of the time of these few epochs, and hardly any of 140.
    """
    compared = results.get("precision", {})
    speeds = {"fp32": 0.0}
    for name, row in compared.get("rows", {}).items():
        precision = name.split()[-1]
        found = compared["compared"].get(precision)
        is_equal = precision == "fp32" or (
            found
            and found["correlation"] >= LEAST_CORRELATION
            and abs(found["difference"]) <= LARGEST_DIFFERENCE
        )
        if is_equal and "failed" not in row:
            speeds[precision] = row["networks"] / (row["seconds"] - row["preparation"])
    return max(speeds, key=speeds.get)


def n_networks(args: argparse.Namespace) -> int:
    """Return the number of networks of the study's first ensemble."""
    return next(iter(load_study(args.study, args.networks).ensembles.values())).n_networks


def train(session: Session, args: argparse.Namespace) -> dict:
    """Train the study's ensembles in its order until the time is over."""
    study = load_study(args.study, args.networks)
    archives = Archives(session.out)
    precision = fastest_precision(session.results)
    earlier = session.results.get("training", {}).get("ensembles", {})
    trained = {}
    result = {"ensembles": trained, "precision": precision}
    for ensemble in study.ensembles.values():
        measured = earlier.get(ensemble.name, {}).get("jobs", {})
        jobs = {}
        trained[ensemble.name] = {"of": ensemble.n_networks, "jobs": jobs}
        if not make_dataset(session, study, ensemble):
            reason = "its examples are ranked by networks that are not trained"
            trained[ensemble.name]["left_out"] = reason
            continue
        (finished,) = finished_networks(ensemble)
        for first, last in ensemble.batches(NETWORKS_PER_JOB):
            output = predictions_path(study.name, ensemble.name, first, last)
            missing = sorted(set(range(first, last + 1)) - finished)
            seeds = f"{first}-{last}"
            try:
                job = measured.get(seeds)
                if job is None or missing or not is_current(output, ensemble):
                    options = [study.name, ensemble.name, "--networks", seeds]
                    job = train_job(session, [*options, "--precision", precision], missing, output)
                    if not archives.add(output):
                        raise InputError(
                            f"{session.out} is full, and {output} is in no archive; copy its "
                            "gpu.json to a new folder, give that by --out, and on another machine "
                            "unpack its networks-*.tar here first."
                        )
                jobs[seeds] = {"networks": last - first + 1, **job}
            finally:
                session.write("training", result | {"is_finished": False})
    return result


def is_current(output: Path, ensemble: Ensemble) -> bool:
    """Return whether an output exists that was made for the ensemble as it is defined now."""
    found = definition_in_head(output) or {}
    return canonical(in_study(found)) == canonical(ensemble.definition)


def train_job(
    session: Session, options: Sequence[str], missing: Sequence[int], output: Path
) -> dict:
    """Run train_networks; return how many networks it ``trained``, and the ``seconds`` they took.

    It has to train the ``missing`` ones, and finds the others, for example in reference.
    """
    started = time.monotonic()
    session.succeed([*COMMAND, "train_networks", *options])
    seconds = time.monotonic() - started
    with open_predictions(output) as predictions:
        recorded = float(predictions["seconds"].sel(network=missing).sum())
    # Of networks that resumed, only the recorded seconds include the time before.
    return {"trained": len(missing), "seconds": max(seconds, recorded) if missing else 0.0}


def make_dataset(session: Session, study: Study, ensemble: Ensemble) -> bool:
    """Make an ensemble's dataset; return False if the networks that rank it are missing."""
    if built_extent(ensemble.dataset_path, ensemble.dataset):
        return True
    if not ensemble.derived:
        session.succeed([*COMMAND, "build_dataset", study.name])
        return True
    if (ranking := ensemble.ranked_by) is not None:
        jobs = study.ensembles[ranking].batches(NETWORKS_PER_JOB)
        files = [predictions_path(study.name, ranking, *ends) for ends in jobs]
        if not all(file.is_file() for file in files):
            return False
        n_networks = str(study.ensembles[ranking].n_networks)
        options = [study.name, ranking, *map(str, files), "--networks", n_networks]
        session.succeed([*COMMAND, "score_ensemble", *options])
    session.succeed([*COMMAND, "derive_dataset", study.name, ensemble.name])
    return True


class Archives:
    """Trained networks in a few archives of limited size; those of earlier runs are unpacked."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._packed: dict[str, tuple[int, int]] = {}  # sizes and times
        # Python 3.11.3 and earlier have no filters.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        # A network that was trained again is in them twice, and the last one counts.
        for archive in reversed(self._paths()):
            with tarfile.open(archive) as packed:
                latest = {each.name: each for each in packed if each.name not in self._packed}
                # Existing files are read-only.
                missing = [each for name, each in latest.items() if not Path(name).exists()]
                packed.extractall(members=missing, **safely)
            self._packed |= {name: (each.size, int(each.mtime)) for name, each in latest.items()}

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("networks-*.tar"))

    def add(self, path: Path) -> bool:
        """Add a file if the archives lack it; return whether there was room for it."""
        version = path.stat().st_size, int(path.stat().st_mtime)
        if self._packed.get(str(path)) == version:
            return True
        archives = self._paths()
        is_new = not archives or archives[-1].stat().st_size + path.stat().st_size > FILE_BYTES
        if is_new and len(archives) >= MOST_ARCHIVES:
            return False
        archive = self._folder / f"networks-{len(archives)}.tar" if is_new else archives[-1]
        contents = io.BytesIO(b"" if is_new else archive.read_bytes())
        with tarfile.open(fileobj=contents, mode="w" if is_new else "a") as packed:
            packed.add(path)
        write_atomically(archive, contents.getvalue())
        self._packed[str(path)] = version
        return True


STEPS = {
    "tests": run_tests,
    "precision": compare_precisions,
    "ways": compare_ways,
    "training": train,
}


def print_table(results: dict) -> None:
    """Print the results of every step, next to the targets."""
    compared = results.get("precision", {})
    table = Table("step", "result", title=compared.get("device"))
    if tests := results.get("tests"):
        table.add_row("tests", tests["summary"])
    for name, row in compared.get("rows", {}).items():
        table.add_row(f"precision: {name}", describe_row(row))
    for other, found in compared.get("compared", {}).items():
        table.add_row(
            f"{other} against fp32",
            "accessibility r = {correlation:.4f}, test accuracy {difference:+.4f}".format(**found),
        )
    if compared and not compared.get("compared"):
        table.add_row("precision", "none could be compared with fp32, so training is in fp32")
    rows = results.get("ways", {}).get("rows", {})
    for name, row in rows.items():
        table.add_row(name, describe_row(row))
    for name, row in rows.items():
        way, _, precision = name.partition(" ")
        if way in ("loop", "vmap") and "failed" not in row and f"engine {precision}" in rows:
            engine = rows[f"engine {precision}"].get("networks_per_hour", 0)
            times = engine / row["networks_per_hour"]
            table.add_row(f"engine / {name}", f"{times:.1f} (target {TARGETS[way]})")
    training = results.get("training", {})
    for name, found in training.get("ensembles", {}).items():
        text = found.get("left_out") or describe_training(name, found, training["precision"])
        table.add_row(name, text)
    for step in STEPS:
        if step not in results:
            table.add_row(step, "not measured")
        elif "failed" in results[step]:
            table.add_row(step, f"failed (see log.txt): {results[step]['failed']}")
        elif not is_finished(results[step]):
            table.add_row(step, "not finished; the next run continues")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def describe_row(row: dict) -> str:
    """Return the table's text for a row of benchmarks/training.py."""
    text = (
        "{networks_per_hour:.0f} networks/h, all in {seconds:.0f} s, "
        "{preparation:.1f} s of them preparation, {memory_gib:.1f} GiB"
    )
    return row.get("failed") or text.format(**row)


def describe_training(name: str, found: dict, precision: str) -> str:
    """Return the table's text for an ensemble of the training step."""
    networks, trained, seconds = (
        sum(job[key] for job in found["jobs"].values())
        for key in ("networks", "trained", "seconds")
    )
    text = f"{networks} of {found['of']} networks in {precision}"
    if trained:
        each = seconds / trained
        text += (
            f"\n{trained} trained in {seconds:.0f} s: {each:.2f} s each, {100 * each:.0f} s for 100"
        )
        if name == "st_vgg":
            text += " (target {}, then {})".format(*TARGETS["seconds"])
    if taken := networks - trained:
        text += f"\n{taken} taken over from reference or an earlier run"
    return text


def is_finished(result: dict) -> bool:
    """Return whether a step need not be done again, given its result (empty if it has none)."""
    return bool(result) and "failed" not in result and result.get("is_finished", True)


def main() -> None:
    """Run the steps that are not finished, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--study", default="small_mammals")
    parser.add_argument("--networks", type=int, help="of each ensemble; default: the study's")
    parser.add_argument("--epochs-compared", type=int, default=10)
    parser.add_argument("--limit", type=float, default=30, help="seconds of training of each way")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--candidate", type=Path, help="folder of a fourth way, see candidate.py")
    args = parser.parse_args()
    if unknown := sorted(set(args.steps.split(",")) - set(STEPS)):
        parser.error(f"--steps has {', '.join(unknown)}; choose from {', '.join(STEPS)}")
    args.out.mkdir(parents=True, exist_ok=True)
    session = Session(args.out, args.minutes)
    exit_on_signals()
    # All commands take the number of networks from the configuration.
    values = {**read_yaml(Path("config.yaml")), "networks": args.networks}
    os.environ[CONFIG_VARIABLE] = json.dumps(values)
    with suppress(OutOfTimeError):
        if not dataset_path(args.study).is_file():
            try:
                session.succeed([*COMMAND, "build_dataset", args.study])
            except InputError as error:
                sys.exit(str(error))
        for step in args.steps.split(","):
            if is_finished(session.results.get(step, {})):
                continue
            try:
                session.write(step, STEPS[step](session, args))
            except InputError as error:
                session.write(step, session.results.get(step, {}) | {"failed": str(error)})
    print_table(session.results)


if __name__ == "__main__":
    main()
