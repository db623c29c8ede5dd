import sys

import pytest
import torch

from created_equal.errors import InputError
from created_equal.training.engine import device as device_module
from created_equal.training.engine.device import (
    MEASURED,
    PRECISIONS,
    check_compiler,
    choose_setting,
    describe_device,
    measured_precisions,
)


@pytest.fixture(autouse=True)
def backends():
    """Leave PyTorch's switches as they were."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def test_tf32_is_refused_on_a_cpu():
    with pytest.raises(InputError) as refusal:
        choose_setting("cpu", "tf32")
    assert str(refusal.value) == (
        "precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16."
    )


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError) as refusal:
        choose_setting("cuda", "auto")
    assert str(refusal.value) == (
        "device is cuda, but PyTorch finds no usable GPU here; set device to auto or cpu, or "
        "install a GPU driver that fits this PyTorch."
    )
    assert choose_setting("auto", "fp32").device.type == "cpu"


def test_a_machine_that_cannot_make_kernels(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    with pytest.raises(InputError, match=f"there is no {tmp_path}/Python.h; install them"):
        check_compiler()
    (tmp_path / "Python.h").touch()
    check_compiler()
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="takes a C compiler, and there is none here; install gcc"):
        check_compiler()


@pytest.mark.parametrize(("device", "precision"), [("gpu", "auto"), ("cpu", "fp16")])
def test_words_that_are_no_device_or_precision(device, precision):
    with pytest.raises(InputError, match=r"^(device gpu|precision fp16) is not one of "):
        choose_setting(device, precision)


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A function that puts a text in the place of what was measured."""
    path = tmp_path / "precisions.yaml"
    monkeypatch.setattr(device_module, "MEASURED", path)
    return path.write_text


def test_auto_is_what_was_measured_on_such_a_device(measured):
    here = describe_device(choose_setting("cpu", "fp32"))
    measured(f"another: {{precision: fp32}}\n{here!r}: {{precision: bf16}}\n")
    assert choose_setting("cpu", "auto").precision == "bf16"
    assert choose_setting("cpu", "fp32").precision == "fp32"


def test_auto_is_fp32_where_nothing_was_measured(measured):
    measured("another: {precision: bf16}\n")
    assert choose_setting("cpu", "auto").precision == "fp32"
    measured("# nothing yet\n")
    assert choose_setting("cpu", "auto").precision == "fp32"


def test_what_was_measured_cannot_be_read(measured):
    measured("a: [\n")
    with pytest.raises(InputError, match=r"precisions.yaml, line "):
        choose_setting("cpu", "auto")


def test_what_the_package_has_was_measured():
    for entry in measured_precisions(MEASURED).values():
        assert entry["precision"] in PRECISIONS[1:]
        assert entry["networks"] >= 20
        assert entry["correlation"] >= 0.99
        assert abs(entry["difference"]) <= 0.005


def test_a_cpu_is_described_by_what_it_can():
    described = describe_device(choose_setting("cpu", "fp32"))
    name, *rest = described.split(", ")
    assert name == f"CPU {torch.backends.cpu.get_cpu_capability()}"
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    assert rest == (["bf16 in hardware"] if fast else [])


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_networks_are_applied_in_the_precision(precision, dtype):
    layer = torch.nn.Linear(2, 2)
    with choose_setting("cpu", precision).autocast():
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_tf32_is_off_unless_asked_for():
    choose_setting("cpu", "fp32")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
