"""Locks of GPUs, held by real processes; a fake nvidia-smi on PATH lists the GPUs."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from created_equal.training import gpu_lock
from created_equal.training.gpu_lock import list_gpus, lock_gpu, visible_gpus

GPUS = [f"GPU-{letter}0000000-1111-2222-3333-444444444444" for letter in "abcd"]
HOLDER = """
import importlib.util, logging, os, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout, force=True)
# Loaded by its path, because importing the package would load torch.
spec = importlib.util.spec_from_file_location("gpu_lock", sys.argv[2])
gpu_lock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gpu_lock)
gpu_lock.lock_gpu(sys.argv[1])
print("has", os.environ.get("CUDA_VISIBLE_DEVICES", "none"), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that makes nvidia-smi list the given GPUs."""

    def list_on_machine(output, status=0):
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit {status}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return list_on_machine


@pytest.fixture
def four_gpus(machine):
    machine("\n".join(f"GPU {i}: NVIDIA H100 (UUID: {uuid})" for i, uuid in enumerate(GPUS)))


@pytest.fixture
def start():
    """A function that starts a process that locks a GPU until its standard input ends."""
    started = []

    def start(device="cuda", **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, device, gpu_lock.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")} | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def locked_gpu(process):
    """Wait until the process has a GPU, and return it."""
    for line in process.stdout:
        if line.startswith("has "):
            return line.split()[1]
    raise AssertionError(process.stderr.read())


def test_four_processes_lock_four_gpus_and_a_fifth_waits_until_one_is_killed(four_gpus, start):
    holders = [start() for _ in range(4)]
    gpus = [locked_gpu(holder) for holder in holders]
    assert sorted(gpus) == GPUS
    fifth = start()
    line = fifth.stdout.readline()
    assert line.startswith("all 4 GPUs are used by other training jobs: waiting")
    assert "--resources gpu=4" in line
    os.kill(holders[2].pid, signal.SIGKILL)
    assert locked_gpu(fifth) == gpus[2]


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("2", GPUS[2:3]),
        ("3,1", [GPUS[3], GPUS[1]]),
        (f"{GPUS[1]}", GPUS[1:2]),
        ("GPU-c", GPUS[2:3]),
        ("1,1", GPUS[1:2]),
        ("", []),
        ("-1", []),
        ("0,7,1", GPUS[:1]),  # like CUDA, ignore all entries from the invalid one on
        ("NoDevFiles", []),
        (None, GPUS),
    ],
)
def test_cuda_visible_devices_is_respected(visible, gpus):
    assert visible_gpus(GPUS, visible) == gpus


def test_cluster_jobs_lock_the_gpus_that_they_were_given(four_gpus, start):
    holders = [start(CUDA_VISIBLE_DEVICES=str(number)) for number in (3, 0)]
    assert [locked_gpu(holder) for holder in holders] == [GPUS[3], GPUS[0]]
    # A process that may use two GPUs locks the free one.
    assert locked_gpu(start(CUDA_VISIBLE_DEVICES="0,1")) == GPUS[1]


def test_a_released_lock_can_be_acquired_again(four_gpus, start):
    first = start(CUDA_VISIBLE_DEVICES="1")
    assert locked_gpu(first) == GPUS[1]
    second = start(CUDA_VISIBLE_DEVICES="1")
    assert "waiting" in second.stdout.readline()
    first.stdin.close()
    assert locked_gpu(second) == GPUS[1]


def test_mig_instances_are_listed_instead_of_their_gpu(machine):
    machine(
        f"GPU 0: NVIDIA A100 (UUID: {GPUS[0]})\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-5c89852c-aaaa)\n"
        "  MIG 3g.20gb     Device  1: (UUID: MIG-a16da6cd-bbbb)"
    )
    assert list_gpus() == ["MIG-5c89852c-aaaa", "MIG-a16da6cd-bbbb"]


def test_training_on_a_cpu_locks_no_gpu(four_gpus, monkeypatch):
    assert lock_gpu("cpu") is None
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_without_a_gpu_one_line_is_logged_and_nothing_is_locked(four_gpus, start):
    process = start("auto", CUDA_VISIBLE_DEVICES="")
    lines = process.communicate(timeout=60)[0].splitlines()
    assert lines == ["no GPU is visible: networks are trained on the CPU", "has "]


def test_gpus_that_pytorch_cannot_use_hold_up_no_job(four_gpus, monkeypatch, caplog):
    """With an old driver, or PyTorch without CUDA, jobs train on the CPU, all at once."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(gpu_lock, "can_use_gpus", lambda: False)
    assert lock_gpu("auto") is None
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert caplog.messages == ["PyTorch cannot use the GPU: networks are trained on the CPU"]


def test_a_failing_driver_is_logged(machine, caplog):
    machine("Failed to initialize NVML: Driver/library version mismatch", status=18)
    assert list_gpus() == []
    assert "nvidia-smi lists no GPU: Failed to initialize NVML" in caplog.text
