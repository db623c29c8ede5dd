import signal
import time

import pytest

from created_equal.training import stop_request
from created_equal.training.stop_request import listen_for_stop


@pytest.mark.parametrize("sent, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_a_request_within_the_block_only(sent, status):
    before = signal.getsignal(sent)
    with listen_for_stop() as request:
        assert not request.stop_requested
        signal.raise_signal(sent)
        assert request.stop_requested
        with pytest.raises(SystemExit) as ended:
            request.exit()
    assert ended.value.code == status
    assert signal.getsignal(sent) is before


def test_a_second_ctrl_c_ends_at_once_and_a_second_sigterm_does_not():
    with listen_for_stop() as request:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert request.stop_requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_second_sigterm_does_not_restart_the_limit_of_a_step_that_has_ended():
    with listen_for_stop() as request:
        signal.raise_signal(signal.SIGTERM)
        assert request.stop_requested
        signal.raise_signal(signal.SIGTERM)
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_without_a_signal_a_timer_of_the_caller_goes_on():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda *_: rings.append(True))
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with listen_for_stop() as request:
            assert not request.stop_requested
            while not rings:
                time.sleep(0.01)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)


def test_a_background_job_ignores_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with listen_for_stop() as request:
            signal.raise_signal(signal.SIGINT)
            assert not request.stop_requested
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_step_that_does_not_end_is_given_up(monkeypatch, caplog):
    """As one that waits for images which never arrive."""
    monkeypatch.setattr(stop_request, "PATIENCE", 1)
    with listen_for_stop(), pytest.raises(SystemExit) as ended:
        signal.raise_signal(signal.SIGTERM)
        time.sleep(30)
    assert ended.value.code == 143
    assert "asked to stop (SIGTERM), but the current step did not finish within" in caplog.text
    with listen_for_stop() as request:
        signal.raise_signal(signal.SIGTERM)
        assert request.stop_requested
        time.sleep(1.5)
