"""Where and in which precision a job computes."""

import gc
import math
import os
import shutil
import sysconfig
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch

from created_equal.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "tf32", "bf16")
# (major, minor): what Triton compiles for.
LEAST_CAPABILITY = (7, 0)
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
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

    The precision ``auto`` is the fastest that is known to train an equal ensemble: bf16 on a CPU
    with AMX, else fp32. Without AMX bf16 is slower than fp32, also where AVX512 has instructions
    for it (benchmarks/README.md); on GPUs it was not measured yet.

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
        precision = "bf16" if device == "cpu" and _multiplies_with_amx() else "fp32"
    if precision == "tf32" and device == "cpu":
        raise InputError("precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16.")
    if device == "cuda":
        _check_gpu_multiplies_in(precision)
    # PyTorch takes TF32 for convolutions unless it is told not to.
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    # The same algorithm every time, not the one that was quickest when it was tried.
    torch.backends.cudnn.deterministic = True
    return Setting(torch.device(device), precision)


def describe_device(setting: Setting) -> str:
    """Return the device's name for the record.

    That of a CPU has its widest vector instructions and the instructions, if any, by which it
    multiplies bf16: ``"CPU AVX512, AMX bf16"``, ``"CPU AVX512, AVX512 bf16"``, ``"CPU AVX2"``.
    """
    if setting.device.type == "cuda":
        return torch.cuda.get_device_name(setting.device)
    name = f"CPU {torch.backends.cpu.get_cpu_capability()}"
    if _multiplies_with_amx():
        return f"{name}, AMX bf16"
    return f"{name}, AVX512 bf16" if torch.cpu._is_avx512_bf16_supported() else name


def usable_cores() -> int:
    """Return how many cores this process may use: of its CPU affinity, within its cgroup's limit.

    The limit that ``docker run --cpus=2`` or Kubernetes sets does not show in the affinity. A part
    of a core counts as one.
    """
    # There is no affinity on macOS.
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _cgroup_limit())))


def has_compiler() -> bool:
    """Return whether there is a C compiler, which kernels made for a GPU are launched with."""
    named = os.environ.get("CC")
    return any(map(shutil.which, [named] if named else ["gcc", "clang"]))


def check_compiler() -> None:
    """Check that this machine can make kernels for its GPU.

    Raises:
        InputError: the GPU is too old for Triton, or a C compiler or Python's headers, with which
            it works, are missing.
    """
    if (capability := torch.cuda.get_device_capability()) < LEAST_CAPABILITY:
        have, need = (".".join(map(str, each)) for each in (capability, LEAST_CAPABILITY))
        raise InputError(
            f"{torch.cuda.get_device_name()} has compute capability {have}, and the kernel that "
            f"draws random numbers needs {need}; set device to cpu."
        )
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


def _multiplies_with_amx() -> bool:
    """Return whether matrix products in bf16 use AMX: the CPU, the kernel and the user permit it.

    PyTorch cannot be asked which instructions its oneDNN is limited to, so this reads the variables
    that limit it. The first that is set counts, and unknown values are ignored.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "all"
    is_below_amx = limit.lower().startswith(("sse", "avx")) and "amx" not in limit.lower()
    # The second asks the kernel for the tiles, which some sandboxes refuse.
    return not is_below_amx and torch.cpu._is_amx_tile_supported() and torch.cpu._init_amx()


def _check_gpu_multiplies_in(precision: str) -> None:
    """Check that the GPU has hardware for a precision, which PyTorch would emulate or ignore."""
    has_bf16 = precision != "bf16" or torch.cuda.is_bf16_supported(including_emulation=False)
    has_tf32 = precision != "tf32" or torch.cuda.is_tf32_supported()
    if not (has_bf16 and has_tf32):
        raise InputError(
            f"precision is {precision}, but {torch.cuda.get_device_name()} has no hardware for it "
            "(NVIDIA's GPUs have it from compute capability 8.0 on); set precision to auto or fp32."
        )


def _cgroup_limit() -> float:
    """Return the cores that the process's cgroup, v2 or v1, and those above it may use."""
    if not OWN_CGROUPS.is_file():
        return math.inf
    limits = [math.inf]
    for line in OWN_CGROUPS.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        # The line of v2 names no controllers.
        if not controllers or "cpu" in controllers.split(","):
            root = CGROUPS / "cpu" if controllers else CGROUPS
            own = root / path.lstrip("/")
            # In a container the path may be the host's: then only the root is there.
            limits += [_limit_of(each) for each in (own, *own.parents) if each.is_relative_to(root)]
    return min(limits)


def _limit_of(cgroup: Path) -> float:
    """Return the cores that the processes of one cgroup may use together."""
    files = ["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
    for names in files:
        paths = [cgroup / name for name in names]
        if all(path.is_file() for path in paths):
            quota, period = " ".join(path.read_text() for path in paths).split()
            return math.inf if quota in ("max", "-1") else int(quota) / int(period)
    return math.inf
