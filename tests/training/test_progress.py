import logging
import os
import pty
import re
import subprocess
import sys

import numpy as np

from created_equal.training.engine.trainee import EpochResult
from created_equal.training.progress import Report, make_bar

USES_A_BAR = """
import time
import numpy as np
from created_equal.training.engine.trainee import EpochResult
from created_equal.training.progress import Report, make_bar
with make_bar() as bar:
    report = Report("digits/st_vgg", 2, 1, bar)
    for epoch in range(3):
        report.epoch({7: EpochResult(epoch, np.zeros(1), np.array([0.5, 0.25]), np.zeros(2))})
        time.sleep(0.2)
"""


def result(epoch):
    return EpochResult(epoch, np.zeros(1), np.array([0.5, 0.25]), np.array([1.0, 2.0]))


def test_a_log_has_a_line_per_epoch_with_speed_and_time_left(caplog):
    caplog.set_level(logging.INFO)
    with make_bar() as bar:
        report = Report("digits/st_vgg", 2, 3, bar)
        for epoch in range(3):
            report.epoch({7: result(epoch)})
    first, second, third = caplog.messages
    assert first == "digits/st_vgg network 7 epoch 0/2: train 0.500, test 0.250"
    pattern = (
        r"digits/st_vgg network 7 epoch {}/2: train 0\.500, test 0\.250; "
        r"[\d.]+ networks/h, \d+:\d\d:\d\d left"
    )
    assert re.fullmatch(pattern.format(1), second)
    assert re.fullmatch(pattern.format(2), third)


def test_speed_and_time_left_by_hand(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    report = Report("t", epochs=4, n_networks=3, bar=None)
    # Pretend that 2 of 12 epochs took 20 seconds.
    monkeypatch.setattr("time.monotonic", lambda: report._started + 20)
    report._done = 1
    report.epoch({0: result(2)})
    # An epoch takes 10 s and a network 40 s, so 90 networks take an hour; 100 s are left.
    assert "; 90.0 networks/h, 0:01:40 left" in caplog.text


def test_a_network_that_diverges_takes_no_more_time_and_is_not_finished(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("created_equal.training.progress.SECONDS_BETWEEN_CONSOLE_LINES", -1)
    report = Report("t", epochs=5, n_networks=2, bar=None)
    diverged = EpochResult(1, np.zeros(1), np.array([0.2, 0.2]), np.array([np.nan, np.nan]))
    report.epoch({0: diverged})
    report.given_up(1, 4)
    for epoch in range(1, 6):
        report.epoch({1: result(epoch)})
    last = [line for line in caplog.messages if "of this job finished" in line][-1]
    assert last.startswith("t: 1 of 2 networks of this job finished, epoch 5 of 5;")
    assert last.endswith(", 0:00:00 left")


def test_the_share_of_the_time_spent_waiting_by_hand(caplog):
    caplog.set_level(logging.INFO)
    report = Report("t", epochs=4, n_networks=1, bar=None)
    # Pretend that the epoch took 20 seconds, of which the device waited 3.
    report._reported -= 20
    report.epoch({0: result(1)}, waited=3.0)
    assert caplog.messages[0].endswith(" left; 15 % waiting for images")
    # A line counts the time of its own epoch only.
    report._reported -= 10
    report.epoch({0: result(2)}, waited=3.0)
    assert caplog.messages[1].endswith(" left; 0 % waiting for images")


def test_a_terminal_shows_a_bar():
    terminal, inner = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "160"}
    process = subprocess.Popen([sys.executable, "-c", USES_A_BAR], stderr=inner, env=environment)
    os.close(inner)
    output = b""
    while True:
        try:
            received = os.read(terminal, 4096)
        except OSError:  # on Linux this means that the other end is closed
            break
        if not received:
            break
        output += received
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", output.decode())
    assert "digits/st_vgg" in text
    assert "━━━━" in text
    assert re.search(r"network 7, epoch 2/2: train 0\.500, test 0\.250; [\d.]+ networks/h,", text)
    assert b"\x1b[2K" in output  # the line is erased before it is drawn again


def test_the_console_gets_a_line_now_and_then(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    report = Report("digits/st_vgg", epochs=2, n_networks=3, bar=None)
    report.epoch({0: result(1)})
    assert not any(hasattr(record, "on_console") for record in caplog.records)
    monkeypatch.setattr("time.monotonic", lambda: report._started + 60)
    for network, epoch in ((0, 2), (1, 1)):
        report.epoch({network: result(epoch)})
    (line,) = (record.getMessage() for record in caplog.records if hasattr(record, "on_console"))
    assert line.startswith("digits/st_vgg: 1 of 3 networks of this job finished, epoch 2 of 2; ")
    assert line.endswith(" left")


def test_networks_that_are_trained_together_finish_together(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("created_equal.training.progress.SECONDS_BETWEEN_CONSOLE_LINES", -1)
    report = Report("t", epochs=2, n_networks=4, bar=None)
    for epoch in range(3):
        report.epoch({seed: result(epoch) for seed in range(4)})
    half, whole = (line for line in caplog.messages if "of this job finished" in line)
    assert half.startswith("t: 0 of 4 networks of this job finished, epoch 1 of 2")
    assert whole.startswith("t: 4 of 4 networks of this job finished, epoch 2 of 2")
