"""The device and the precision that a job computes with."""

import gc
import math
import os
import shutil
import sysconfig
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from created_equal.errors import InputError
from created_equal.study.keys import Device, Precision

DEVICES, PRECISIONS = get_args(Device), get_args(Precision)
# Compute capability (major, minor) that Triton needs.
MIN_CAPABILITY = (7, 0)
# A CPU's instructions that make bf16 faster than fp32.
FAST_BF16 = ("AMX bf16", "AMD AVX512 bf16")
CPU_INFO = Path("/proc/cpuinfo")
CGROUPS = Path("/sys/fs/cgroup")
CGROUPS_OF_PROCESS = Path("/proc/self/cgroup")
# How CUDA, cuDNN (no algorithm fits), cuBLAS and the CPU's allocator report that memory ran out.
OUT_OF_MEMORY = (
    "out of memory",
    "unable to find an engine",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "DefaultCPUAllocator: can't allocate memory",
)


@dataclass(frozen=True)
class Setting:
    """A device and a precision: ``"fp32"``, ``"tf32"`` or ``"bf16"``."""

    device: torch.device
    precision: str

    def autocast(self) -> AbstractContextManager:
        """Return the context manager for forward passes."""
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )


def choose_setting(device: str, precision: str) -> Setting:
    """Resolve the config's ``device`` and ``precision`` on this machine, and configure PyTorch.

    The precision ``auto`` is the fastest that is known to train an equivalent ensemble: bf16 on
    CPUs with AMX and on AMD CPUs with AVX512 instructions for bf16, otherwise fp32. Intel's AVX512
    instructions for bf16 are slower than fp32 (benchmarks/README.md). GPUs have not been measured.

    Raises:
        InputError: this machine lacks the device, or the device lacks the precision.
    """
    for name, value, known in ("device", device, DEVICES), ("precision", precision, PRECISIONS):
        if value not in known:
            raise InputError(
                f"{name} {value} is not one of {', '.join(known)}; choose one of them."
            )
    # CUDA starts below. By default it has 8 queues, and the engine's 8 lanes and the default stream
    # would have to share them.
    os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device is cuda, but PyTorch finds no usable GPU; set device to auto or cpu, or "
            "install a GPU driver that fits this PyTorch."
        )
    if precision == "auto":
        has_fast_bf16 = device == "cpu" and _bf16_instructions() in FAST_BF16
        precision = "bf16" if has_fast_bf16 else "fp32"
    if precision == "tf32" and device == "cpu":
        raise InputError("precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16.")
    # PyTorch would emulate or ignore a precision that the GPU's hardware lacks.
    if device == "cuda" and not (
        (precision != "bf16" or torch.cuda.is_bf16_supported(including_emulation=False))
        and (precision != "tf32" or torch.cuda.is_tf32_supported())
    ):
        raise InputError(
            f"precision is {precision}, but {torch.cuda.get_device_name()} has no hardware for it "
            "(NVIDIA GPUs have it from compute capability 8.0 on); set precision to auto or fp32."
        )
    # By default PyTorch uses TF32 for convolutions.
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    # Without this, cuDNN may use algorithms that add in a different order each time.
    torch.backends.cudnn.deterministic = True
    return Setting(torch.device(device), precision)


def describe_device(setting: Setting) -> str:
    """Return the device's name, which is saved with the predictions.

    A CPU is named by its vector instructions and those for bf16: ``"CPU AVX512, AMX bf16"``.
    """
    if setting.device.type == "cuda":
        return torch.cuda.get_device_name(setting.device)
    instructions = [torch.backends.cpu.get_cpu_capability(), _bf16_instructions()]
    return f"CPU {', '.join(filter(None, instructions))}"


def usable_cores() -> int:
    """Return the number of cores that this process may use.

    Both its CPU affinity and its cgroup count, because the limit that ``docker run --cpus=2`` or
    Kubernetes sets is not visible in the affinity. A fraction of a core counts as a whole one.
    """
    # macOS has no affinity.
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _cgroup_limit())))


def check_compiler() -> None:
    """Raise an InputError if this machine lacks what Triton needs to compile kernels."""
    if (capability := torch.cuda.get_device_capability()) < MIN_CAPABILITY:
        actual, needed = (".".join(map(str, each)) for each in (capability, MIN_CAPABILITY))
        raise InputError(
            f"{torch.cuda.get_device_name()} has compute capability {actual}, but the kernel that "
            f"draws random numbers needs {needed}; set device to cpu."
        )
    compiler = os.environ.get("CC")
    if not any(map(shutil.which, [compiler] if compiler else ["gcc", "clang"])):
        raise InputError(
            "training on a GPU needs a C compiler, and none was found; install gcc (or name "
            "another in the environment variable CC), or set device to cpu."
        )
    # This is where Triton, which runs on POSIX systems only, looks for the headers.
    headers = Path(sysconfig.get_path("include", "posix_prefix"), "Python.h")
    if not headers.is_file():
        raise InputError(
            f"training on a GPU needs Python's C headers, and {headers} is missing; install them "
            "(package python3-dev in many distributions), or set device to cpu."
        )


def is_out_of_memory(error: RuntimeError) -> bool:
    """Return whether an error means that memory ran out; PyTorch does not use one type for all."""
    is_typed = isinstance(error, torch.OutOfMemoryError)
    return is_typed or any(message in str(error) for message in OUT_OF_MEMORY)


def release_memory() -> None:
    """Release the GPU memory that is no longer in use."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()


def _bf16_instructions() -> str | None:
    """Return the CPU's instructions for bf16: one of FAST_BF16, ``"AVX512 bf16"`` or None."""
    # _init_amx asks the kernel for permission, which some sandboxes deny.
    if _permits("amx") and torch.cpu._is_amx_tile_supported() and torch.cpu._init_amx():
        return "AMX bf16"
    if not torch.cpu._is_avx512_bf16_supported():
        return None
    # PyTorch does not expose the vendor of the CPU. This file exists only on Linux.
    is_amd = CPU_INFO.is_file() and "AuthenticAMD" in CPU_INFO.read_text()
    is_fast = is_amd and _permits("amx", "bf16", "fp16", "avx10")
    return "AMD AVX512 bf16" if is_fast else "AVX512 bf16"


def _permits(*instructions: str) -> bool:
    """Return whether the user lets oneDNN use some of these instructions.

    PyTorch does not expose the instruction set to which its oneDNN is limited, so this reads the
    environment variables that limit it. The first one that is set wins; unknown values are ignored.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "all"
    limit = limit.lower()
    return not limit.startswith(("sse", "avx")) or any(each in limit for each in instructions)


def _cgroup_limit() -> float:
    """Return the cores that the process's cgroup (v2 or v1) and its parents may use."""
    if not CGROUPS_OF_PROCESS.is_file():
        return math.inf
    limits = [math.inf]
    for line in CGROUPS_OF_PROCESS.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        # Lines of cgroup v2 name no controllers.
        if not controllers or "cpu" in controllers.split(","):
            root = CGROUPS / "cpu" if controllers else CGROUPS
            cgroup = root / path.lstrip("/")
            # In a container the path may be the host's, and then only the root exists here.
            parents = [each for each in cgroup.parents if each.is_relative_to(root)]
            limits += map(_read_limit, [cgroup, *parents])
    return min(limits)


def _read_limit(cgroup: Path) -> float:
    """Return the cores that one cgroup may use, infinity if it has no limit."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        paths = [cgroup / name for name in names]
        if all(path.is_file() for path in paths):
            quota, period = " ".join(path.read_text() for path in paths).split()
            return math.inf if quota in ("max", "-1") else int(quota) / int(period)
    return math.inf
