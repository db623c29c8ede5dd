"""The requirements of a test besides Python and the repository."""

import os

import pytest


def require(there: bool, lack: str) -> None:
    """Skip a test where what it needs is not there, or fail where CI is set: nothing hides there.

    Args:
        there: whether it is.
        lack: what is missing, in a sentence.
    """
    if not there and os.environ.get("CI"):
        pytest.fail(lack)
    if not there:
        pytest.skip(lack)
