"""One network that two processes train together (gloo, on the CPU)."""

import os
from pathlib import Path

import numpy as np
import pytest
from commands import python

from created_equal.artefacts import read_predictions, select_split

SCRIPT = Path(__file__).with_name("distributed_training.py")


@pytest.mark.parametrize("kind", ["loop", "lightning", "transformers"])
def test_a_network_of_two_processes_is_recorded_once(kind, tmp_path):
    """Batch normalisation makes DistributedDataParallel wait for all processes in eval mode too."""
    done = python(
        *("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"),
        *(SCRIPT, kind, tmp_path),
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    expected = np.load(tmp_path / "expected.npy")
    recorded = read_predictions(tmp_path / "predictions/0000.nc")
    assert recorded["epoch"].values.tolist() == [0, 1, 2]
    on_test = select_split(recorded, "test")["prediction"].values[0]
    np.testing.assert_array_equal(on_test[-len(expected) :], expected)
    assert len(list((tmp_path / "predictions").iterdir())) == 1
