"""Where and in which precision a job computes."""

import gc
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from created_equal.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "tf32", "bf16")


@dataclass(frozen=True)
class Setting:
    """A device and a precision: ``"fp32"``, ``"tf32"`` or ``"bf16"``."""

    device: torch.device
    precision: str

    @property
    def evaluation_batch(self) -> int:
        """Examples predicted at once: what stays in a core's cache, or fills a GPU."""
        return 100 if self.device.type == "cpu" else 2500

    def autocast(self) -> AbstractContextManager:
        """Return the context in which networks are applied."""
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )


def choose_setting(device: str, precision: str) -> Setting:
    """Return the setting that the config's ``device`` and ``precision`` stand for here.

    On a CPU, ``auto`` takes bf16 where the processor multiplies it in hardware (AMX, AVX512-BF16),
    and fp32 elsewhere; on a GPU fp32.

    Raises:
        InputError: there is no such device here, or it has no such precision.
    """
    for name, value, known in (
        ("device", device, DEVICES),
        ("precision", precision, PRECISIONS),
    ):
        if value not in known:
            raise InputError(
                f"{name} {value} is not one of {', '.join(known)}; choose one of them."
            )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device is cuda, but PyTorch finds no usable GPU here; set device to auto or cpu, or "
            "install a GPU driver that fits this PyTorch."
        )
    if precision == "auto":
        precision = "bf16" if device == "cpu" and _multiplies_bf16() else "fp32"
    if precision == "tf32" and device == "cpu":
        raise InputError("precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16.")
    # PyTorch takes TF32 for convolutions unless it is told not to.
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    # The same algorithm every time, not the one that was quickest when it was tried.
    torch.backends.cudnn.deterministic = True
    return Setting(torch.device(device), precision)


def describe_device(setting: Setting) -> str:
    """Return the device's name for the record."""
    if setting.device.type == "cuda":
        return torch.cuda.get_device_name(setting.device)
    return f"CPU {torch.backends.cpu.get_cpu_capability()}"


def release_memory() -> None:
    """Give back a GPU's memory that nothing uses any more."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _multiplies_bf16() -> bool:
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
