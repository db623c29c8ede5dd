"""Real digits of 8 x 8 pixels."""

import pytest
from own_training import Data, digits


@pytest.fixture(scope="session")
def data() -> Data:
    return digits()
