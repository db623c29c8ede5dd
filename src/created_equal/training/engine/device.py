"""Where and in which precision a job computes."""

import gc
import os
import shutil
import sysconfig
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch

from created_equal.errors import InputError
from created_equal.study import read_yaml

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "tf32", "bf16")
MEASURED = Path(__file__).with_name("precisions.yaml")
# Said where memory ran out, by CUDA, by cuDNN (which found room for none of its ways), by cuBLAS.
OUT_OF_MEMORY = ("out of memory", "unable to find an engine", "CUBLAS_STATUS_ALLOC_FAILED")


@dataclass(frozen=True)
class Setting:
    """A device and a precision: ``"fp32"``, ``"tf32"`` or ``"bf16"``."""

    device: torch.device
    precision: str

    def autocast(self) -> AbstractContextManager:
        """Return the context in which networks are applied."""
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )


def choose_setting(device: str, precision: str) -> Setting:
    """Return the setting that the config's ``device`` and ``precision`` stand for here.

    The precision ``auto`` is the fastest whose ensemble was measured on this kind of device to be
    equal to fp32's within the noise (``MEASURED``, written by benchmarks/training.py), and fp32
    where nothing was measured.

    Raises:
        InputError: there is no such device here, it has no such precision, or ``MEASURED`` cannot
            be read.
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
        found = measured_precisions(MEASURED).get(_name(torch.device(device)))
        precision = found["precision"] if found else "fp32"
    if precision == "tf32" and device == "cpu":
        raise InputError("precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16.")
    # PyTorch takes TF32 for convolutions unless it is told not to.
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    # The same algorithm every time, not the one that was quickest when it was tried.
    torch.backends.cudnn.deterministic = True
    return Setting(torch.device(device), precision)


def describe_device(setting: Setting) -> str:
    """Return the device's name for the record, and for what was measured on its kind.

    Of a CPU it is the widest instructions, and whether it multiplies bf16 in hardware (AMX,
    AVX512-BF16).
    """
    return _name(setting.device)


def measured_precisions(path: Path) -> dict[str, dict]:
    """Return what was measured: name of a device -> ``precision`` and how it was found.

    Raises:
        InputError: the file cannot be read.
    """
    return read_yaml(path) or {}


def has_compiler() -> bool:
    """Return whether there is a C compiler, which kernels made for a GPU are launched with."""
    named = os.environ.get("CC")
    return any(map(shutil.which, [named] if named else ["gcc", "clang"]))


def check_compiler() -> None:
    """Check that this machine can make kernels for its GPU.

    Raises:
        InputError: a C compiler or Python's headers, with which it works, are missing.
    """
    # Triton looks there; there is none for other systems than POSIX.
    headers = Path(sysconfig.get_path("include", "posix_prefix"), "Python.h")
    if not has_compiler():
        raise InputError(
            "training on a GPU takes a C compiler, and there is none here; install gcc (or name "
            "another in the environment variable CC), or set device to cpu."
        )
    if not headers.is_file():
        raise InputError(
            f"training on a GPU takes Python's C headers, and there is no {headers}; install them "
            "(in many distributions the package python3-dev), or set device to cpu."
        )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error says that memory ran out; not all that do are of PyTorch's type."""
    known = isinstance(error, torch.OutOfMemoryError)
    return known or any(words in str(error) for words in OUT_OF_MEMORY)


def release_memory() -> None:
    """Give back a GPU's memory that nothing uses any more."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    bf16 = ", bf16 in hardware" if _multiplies_bf16() else ""
    return f"CPU {torch.backends.cpu.get_cpu_capability()}{bf16}"


def _multiplies_bf16() -> bool:
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
