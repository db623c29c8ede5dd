"""The command for a GPU, rehearsed on the CPU with networks of seconds."""

import json
import os
import signal
import tarfile
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from commands import python
from data import NARROW, small_study, write_study
from gpu import (
    COMMAND,
    FILE_BYTES,
    MOST_ARCHIVES,
    NO_TESTS,
    Archives,
    OutOfTimeError,
    Session,
    exit_on_signals,
    fastest_precision,
    is_current,
    is_finished,
    make_dataset,
    print_table,
    run_benchmark,
    run_tests,
)

from created_equal.errors import InputError
from created_equal.study import CONFIG_VARIABLE, load_study, predictions_folder, predictions_path
from created_equal.training import train_networks

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
RECIPE = {"epochs": 3, "batch_size": 20, "learning_rate": 0.1}
ONE_ENSEMBLE = small_study(recipe=RECIPE)
MOVED = {"move_to_test": "easiest", "fraction": 0.1, "ranked_by": "st_vgg"}
BOTH = {"st_vgg": NARROW, "easiest_moved": NARROW | {"dataset": MOVED}}
STUDY = small_study(recipe=RECIPE, ensembles=BOTH)


def run(folder, minutes, *options):
    done = python(
        *(PROGRAM, "--minutes", minutes, "--out", "gpu"),
        *("--study", "seconds", "--networks", "2", "--epochs-compared", "2", "--limit", "1"),
        *options,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def predictions_in(folder):
    found = folder.glob("results/*/*/predictions/*.nc")
    return {path.relative_to(folder): path.read_bytes() for path in found}


def train_again(folder):
    """Repeat the training step, which must have been finished."""
    file = folder / "gpu/gpu.json"
    results = json.loads(file.read_text())
    assert is_finished(results["training"])
    results["training"]["is_finished"] = False
    file.write_text(json.dumps(results))
    return run(folder, 10, "--steps", "training")


def test_the_second_run_takes_up_the_first(study_folder, tmp_path_factory, monkeypatch):
    write_study(STUDY, "seconds")
    printed = run(study_folder, 10, "--steps", "precision,ways,training")
    table = printed[printed.rindex("step") :]
    assert "tests" in table and "not measured" in table
    for expected in ("bf16 against fp32", "engine / loop fp32", "engine / vmap fp32"):
        assert expected in table
    assert table.count("2 of 2 networks") == table.count("2 trained in") == 2
    files = {path.name for path in (study_folder / "gpu").iterdir()}
    assert files == {"gpu.json", "log.txt", "networks-0.tar"}
    # On another machine, with nothing but the files of the first run.
    other = tmp_path_factory.mktemp("other")
    (study_folder / "gpu").rename(other / "gpu")
    (study_folder / "config").rename(other / "config")
    (study_folder / "config.yaml").rename(other / "config.yaml")
    printed = run(other, 10, "--steps", "precision,ways,training")
    assert "benchmarks/training.py" not in printed
    assert "train_networks" not in printed
    measured = table[table.index("st_vgg  ") :]
    assert train_again(other).endswith(measured)
    assert len(predictions_in(other)) == 2
    # What a change of the study affects is trained again, and the archives have both.
    write_study(STUDY | {"recipe": RECIPE | {"epochs": 4}}, "seconds", other)
    before = predictions_in(other)
    # One of the networks is in reference already.
    monkeypatch.chdir(other)
    ensemble = load_study("seconds", 2).ensembles["st_vgg"]
    kept = predictions_folder("seconds", "st_vgg", Path("reference")) / "0000-0000.nc"
    train_networks(ensemble, ensemble.dataset_path, [0], kept, "cpu", "fp32")
    printed = train_again(other)
    assert printed.count("train_networks") == 2
    assert "1 trained in" in printed and "1 taken over from reference" in printed
    after = predictions_in(other)
    assert before.keys() == after.keys()
    assert all(before[path] != after[path] for path in before)
    for path in after:
        (other / path).unlink()
    assert "train_networks" not in train_again(other)
    assert predictions_in(other) == after
    # A new folder that continues a full one does not store its networks a second time.
    results = (other / "gpu/gpu.json").read_text()
    (other / "gpu").rename(other / "full")
    (other / "gpu").mkdir()
    (other / "gpu/gpu.json").write_text(results)
    assert "train_networks" not in train_again(other)
    assert {path.name for path in (other / "gpu").iterdir()} == {"gpu.json"}


def test_other_files_among_the_predictions_do_not_count(study_folder, monkeypatch):
    """Outputs of a run with smaller jobs, and of an earlier definition."""
    write_study(STUDY, "seconds")
    monkeypatch.setenv(CONFIG_VARIABLE, '{"networks": 2}')
    study = load_study("seconds", 2)
    ensemble = study.ensembles["st_vgg"]
    (study_folder / "gpu").mkdir()
    session = Session(study_folder / "gpu", 10)
    session.succeed([*COMMAND, "build_dataset", "seconds"])
    for seeds in ([0], [1]):
        output = predictions_path("seconds", "st_vgg", seeds[0], seeds[0])
        train_networks(ensemble, ensemble.dataset_path, seeds, output, "cpu", "fp32")
    ranked = next(each for each in study.ensembles.values() if each.ranked_by == "st_vgg")
    assert not make_dataset(session, study, ranked)
    output = predictions_path("seconds", "st_vgg", 0, 1)
    train_networks(ensemble, ensemble.dataset_path, [0, 1], output, "cpu", "fp32")
    assert make_dataset(session, study, ranked)
    assert is_current(output, ensemble)
    longer = replace(ensemble, recipe=replace(ensemble.recipe, epochs=4))
    assert not is_current(output, longer)


def test_a_run_ends_in_time_and_says_what_is_not_measured(study_folder):
    write_study(STUDY, "seconds")
    printed = run(study_folder, 0.36, "--steps", "precision,ways,training")
    assert printed.count("not measured") == 4
    assert not (study_folder / "gpu/gpu.json").exists()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def last_words(log):
    return log.read_text().splitlines()[-1].split()


def assert_nothing_runs(folder):
    pids = last_words(folder / "log.txt")
    assert len(pids) == 2
    for _ in range(50):
        if not any(map(is_running, pids)):
            return
        time.sleep(0.1)
    raise AssertionError(f"still running: {pids}")


# The parent prints both process ids, and only the child or both ignore SIGTERM.
CHILD = ["sh", "-c", "(trap '' TERM; exec sleep 100) & echo $$ $!; wait"]
BOTH = ["sh", "-c", "trap '' TERM; sleep 100 & echo $$ $!; wait"]


@pytest.mark.parametrize("command", [CHILD, BOTH])
def test_nothing_outlives_the_deadline(tmp_path, monkeypatch, command):
    monkeypatch.setattr("gpu.SECONDS_TO_STOP", 0.3)
    session = Session(tmp_path, 0.37)
    with pytest.raises(OutOfTimeError):
        session.run(command)
    assert session.seconds_left > -20
    assert_nothing_runs(tmp_path)


def interrupt(log, number):
    """Send a signal to this process as soon as the command has printed both process ids."""
    while not log.exists() or not log.read_text().endswith("\n") or len(last_words(log)) != 2:
        time.sleep(0.05)
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (signal.SIGINT, KeyboardInterrupt),
        (signal.SIGTERM, SystemExit),
        (signal.SIGHUP, SystemExit),
    ],
)
def test_nothing_outlives_an_interrupted_run(tmp_path, number, error):
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, signal.SIG_DFL) for each in numbers}
    try:
        exit_on_signals()
        Thread(target=interrupt, args=(tmp_path / "log.txt", number), daemon=True).start()
        with pytest.raises(error):
            Session(tmp_path, 10).run(CHILD)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert_nothing_runs(tmp_path)


def test_the_log_has_all_output_up_to_its_size(tmp_path, monkeypatch, capfd):
    session = Session(tmp_path, 1)
    code, output = session.run(["sh", "-c", "seq 1000; echo failed >&2; exit 3"])
    assert (code, output.splitlines()[-1]) == (3, "failed")
    assert "\n10\n" not in capfd.readouterr().out
    with pytest.raises(InputError, match=r"^a reason$"):
        session.succeed(["sh", "-c", "echo a reason; exit 1"])
    log = (tmp_path / "log.txt").read_text()
    numbers = "".join(f"{number}\n" for number in range(1, 1001))
    assert log.startswith("$ sh -c 'seq 1000;")
    assert f"\n{numbers}failed\n$ sh -c 'echo a reason" in log
    monkeypatch.setattr("gpu.FILE_BYTES", 100)
    session.run(["seq", "100"])
    assert (tmp_path / "log.txt").read_text().endswith("\n99\n100\n")
    assert (tmp_path / "log.txt").stat().st_size == 100


@pytest.mark.parametrize(
    ("end", "minutes", "error"), [("exit 1", 1, InputError), ("sleep 100", 0.37, OutOfTimeError)]
)
def test_a_stopped_benchmark_keeps_its_rows(tmp_path, monkeypatch, capsys, end, minutes, error):
    rows = '{"rows": {"vmap fp32": {"failed": "out of memory"}}}'
    # The options that follow are $0, $1, ...
    monkeypatch.setattr("gpu.BENCHMARK", ["sh", "-c", f"echo '{rows}' > $3; {end}"])
    session = Session(tmp_path, minutes)
    with pytest.raises(error):
        run_benchmark(session, Namespace(study="seconds"), "ways", [])
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["ways"] == json.loads(rows) | {"is_finished": False}
    assert not is_finished(found["ways"])
    capsys.readouterr()
    print_table(found)
    table = capsys.readouterr().out
    assert "out of memory" in table and "not finished" in table


def test_a_step_that_fails_does_not_hold_up_the_others(study_folder):
    write_study(ONE_ENSEMBLE, "seconds")
    printed = run(study_folder, 5, "--steps", "precision,training", "--epochs-compared", "-1")
    assert "precision" in printed and "failed" in printed
    assert printed.count("2 of 2 networks") == 1


def test_without_its_dataset_nothing_is_measured(study_folder):
    write_study(STUDY | {"dataset": {"source": "mnist"}}, "seconds")
    Path("config.yaml").write_text("data_root: nowhere\n")
    options = ("--minutes", "5", "--out", "gpu", "--study", "seconds")
    done = python(PROGRAM, *options)
    assert done.returncode == 1
    reason = "data_root nowhere does not exist; make the folder, or correct data_root."
    assert done.stderr == f"created-equal: {reason}\n"


def test_archives_have_at_most_their_size_and_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gpu.FILE_BYTES", 55_000)
    monkeypatch.setattr("gpu.MOST_ARCHIVES", 2)
    archives = Archives(tmp_path / "gpu")
    paths = [predictions_folder("a", "b") / f"{n}.nc" for n in range(5)]
    paths[0].parent.mkdir(parents=True)
    for path in paths:
        path.write_bytes(bytes(20_000))
    assert [archives.add(path) for path in paths] == [True, True, True, True, False]
    assert len(list((tmp_path / "gpu").iterdir())) == 2
    for path in paths:
        path.unlink()
    Archives(tmp_path / "gpu")
    assert [path.exists() for path in paths] == [True, True, True, True, False]
    assert MOST_ARCHIVES + len(["gpu.json", "log.txt"]) <= 8 and FILE_BYTES < 2**20 * 16
    with tarfile.open(tmp_path / "gpu/networks-0.tar") as packed:
        assert packed.getnames() == [str(path) for path in paths[:2]]


@pytest.mark.parametrize(
    ("correlation", "difference", "precision"),
    [(0.995, 0.001, "bf16"), (0.985, 0.001, "fp32"), (0.995, -0.006, "fp32")],
)
def test_the_fastest_precision_has_an_equal_ensemble(correlation, difference, precision):
    rows = {"engine fp32": row_of(preparation=1), "engine bf16": row_of(training=5)}
    found = {"bf16": {"correlation": correlation, "difference": difference}}
    assert fastest_precision({"precision": {"rows": rows, "compared": found}}) == precision


def row_of(preparation=20, training=10):
    return {
        "networks": 20,
        "preparation": preparation,
        "seconds": preparation + training,
        "networks_per_hour": 20 * 3600 / (preparation + training),
        "memory_gib": 1,
    }


def test_without_a_comparison_the_precision_is_fp32(capsys):
    assert fastest_precision({}) == "fp32"
    rows = {"engine fp32": row_of(), "engine bf16": {"failed": "out of memory"}}
    results = {"precision": {"rows": rows, "compared": {}}}
    assert fastest_precision(results) == "fp32"
    print_table(results)
    table = capsys.readouterr().out
    assert "none could be compared" in table and "out of memory" in table


def test_the_table_names_a_way_that_failed(capsys):
    print_table({"ways": {"rows": {"vmap fp32": {"failed": "out of memory"}}}})
    assert "out of memory" in capsys.readouterr().out


def test_without_gpu_tests_the_step_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Session, "run", lambda *_: (NO_TESTS, "no tests ran\n"))
    found = run_tests(Session(tmp_path, 1), Namespace())
    assert found == {"passed": False, "summary": "no GPU"}


def test_a_test_that_hangs_leaves_time_for_the_next_steps(tmp_path, monkeypatch):
    monkeypatch.setattr("gpu.TESTS", ["sh", "-c", "echo 7 passed; sleep 100"])
    monkeypatch.setattr("gpu.SECONDS_OF_TESTS", 2)
    found = run_tests(Session(tmp_path, 10), Namespace())
    assert found == {"passed": False, "summary": "not finished, ended by SIGTERM (see log.txt)"}
    assert "\n7 passed\n" in (tmp_path / "log.txt").read_text()
