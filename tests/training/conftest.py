"""Images for training: digits in memory, and real JPEGs that stay in files."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
import xarray as xr
from image_folders import copy_images

from created_equal.artefacts import write_dataset
from created_equal.datasets import build_dataset
from created_equal.study import Ensemble
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images


@dataclass
class JpegFiles:
    """A dataset of 30 train and 15 test images in JPEG files."""

    data_root: Path
    definition: dict
    dataset: xr.Dataset
    path: Path

    @property
    def folder(self) -> Path:
        return self.data_root / self.definition["path"]

    def ensemble(self, ensemble: Ensemble) -> Ensemble:
        """Return the ensemble with this dataset."""
        return replace(ensemble, dataset=self.definition)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


GPU = pytest.param("cuda", marks=pytest.mark.gpu)


@pytest.fixture(scope="module", params=["cpu", *[GPU] * torch.cuda.is_available()])
def device(request):
    """The devices on which code for GPUs is tested: the CPU, and a GPU if there is one."""
    return request.param


@pytest.fixture(scope="module")
def images(digits):
    return Images(digits, choose_setting("cpu", "fp32"))


@pytest.fixture
def jpegs(data_root, tmp_path):
    copy_images(data_root / "tiny-imagenet-200", tmp_path / "data" / "jpegs")
    definition = {"source": "image_folder", "path": "jpegs", "size": 16, "images": "files"}
    dataset = build_dataset(definition, tmp_path / "data", download=False)
    write_dataset(dataset, tmp_path / "jpegs.nc", definition)
    return JpegFiles(tmp_path / "data", definition, dataset, tmp_path / "jpegs.nc")
