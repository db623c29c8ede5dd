import pytest
import torch

from created_equal.errors import InputError
from created_equal.training.engine.device import choose_setting


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


@pytest.mark.parametrize(("device", "precision"), [("gpu", "auto"), ("cpu", "fp16")])
def test_words_that_are_no_device_or_precision(device, precision):
    with pytest.raises(InputError, match=r"^(device gpu|precision fp16) is not one of "):
        choose_setting(device, precision)


def test_auto_on_a_cpu_takes_what_the_processor_multiplies():
    assert choose_setting("cpu", "auto").precision in ("fp32", "bf16")
    assert choose_setting("cpu", "bf16").precision == "bf16"


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
