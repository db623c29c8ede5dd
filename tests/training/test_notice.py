import signal

import pytest

from created_equal.training.notice import notice


@pytest.mark.parametrize("sent, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_notice_within_the_block_and_what_it_was_after_it(sent, status):
    before = signal.getsignal(sent)
    with notice() as told:
        assert not told.given
        signal.raise_signal(sent)
        assert told.given
        with pytest.raises(SystemExit) as ended:
            told.end()
    assert ended.value.code == status
    assert signal.getsignal(sent) is before


def test_a_second_ctrl_c_ends_at_once_and_a_second_sigterm_does_not():
    with notice() as told:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert told.given
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_is_nothing_to_a_job_in_the_background():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with notice() as told:
            signal.raise_signal(signal.SIGINT)
            assert not told.given
    finally:
        signal.signal(signal.SIGINT, before)
