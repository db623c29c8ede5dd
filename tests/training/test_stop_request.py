import signal

import pytest

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


def test_a_background_job_ignores_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with listen_for_stop() as request:
            signal.raise_signal(signal.SIGINT)
            assert not request.stop_requested
    finally:
        signal.signal(signal.SIGINT, before)
