import os
import sys
from types import SimpleNamespace

import pytest
import torch
from commands import printed_by

from created_equal.errors import InputError
from created_equal.training.engine import device as device_module
from created_equal.training.engine.device import (
    check_compiler,
    choose_setting,
    describe_device,
    usable_cores,
)
from created_equal.training.engine.graphs import LANES


@pytest.fixture(autouse=True)
def backends():
    """Restore PyTorch's TF32 switches."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def test_tf32_is_rejected_on_a_cpu():
    with pytest.raises(InputError) as caught:
        choose_setting("cpu", "tf32")
    assert str(caught.value) == (
        "precision tf32 exists on GPUs only; set precision to auto, fp32 or bf16."
    )


def test_a_missing_gpu_is_reported(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError) as caught:
        choose_setting("cuda", "auto")
    assert str(caught.value) == (
        "device is cuda, but PyTorch finds no usable GPU; set device to auto or cpu, or "
        "install a GPU driver that fits this PyTorch."
    )
    assert choose_setting("auto", "fp32").device.type == "cpu"


def test_a_machine_that_cannot_compile_kernels_is_rejected(gpu, monkeypatch, tmp_path):
    gpu(7, 0)
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    with pytest.raises(InputError, match=f"and {tmp_path}/Python.h is missing; install them"):
        check_compiler()
    (tmp_path / "Python.h").touch()
    check_compiler()
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="needs a C compiler, and none was found; install gcc"):
        check_compiler()


@pytest.mark.parametrize(("device", "precision"), [("gpu", "auto"), ("cpu", "fp16")])
def test_unknown_devices_and_precisions_are_rejected(device, precision):
    with pytest.raises(InputError, match=r"^(device gpu|precision fp16) is not one of "):
        choose_setting(device, precision)


@pytest.fixture
def cpu(monkeypatch, tmp_path):
    """A function that makes this machine report a CPU with or without AMX and AVX512 bf16."""

    def make(amx, permitted=True, avx512_bf16=False, vendor="GenuineIntel"):
        (tmp_path / "cpuinfo").write_text(f"processor : 0\nvendor_id : {vendor}\n")
        monkeypatch.setattr(device_module, "CPU_INFO", tmp_path / "cpuinfo")
        monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: amx)
        monkeypatch.setattr("torch.cpu._init_amx", lambda: amx and permitted)
        monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: avx512_bf16)
        monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX512")
        for name in LIMITS:
            monkeypatch.delenv(name, raising=False)

    return make


LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
CPUS = {
    "amx": ({"amx": True, "avx512_bf16": True}, "bf16", "CPU AVX512, AMX bf16"),
    "amx_denied_by_kernel": (
        {"amx": True, "permitted": False, "avx512_bf16": True},
        "fp32",
        "CPU AVX512, AVX512 bf16",
    ),
    "avx512_bf16": ({"amx": False, "avx512_bf16": True}, "fp32", "CPU AVX512, AVX512 bf16"),
    "amd": (
        {"amx": False, "avx512_bf16": True, "vendor": "AuthenticAMD"},
        "bf16",
        "CPU AVX512, AMD AVX512 bf16",
    ),
    "amd_without_bf16": ({"amx": False, "vendor": "AuthenticAMD"}, "fp32", "CPU AVX512"),
    "neither": ({"amx": False}, "fp32", "CPU AVX512"),
}


@pytest.mark.parametrize(("features", "precision", "name"), CPUS.values(), ids=CPUS)
def test_auto_is_bf16_only_where_a_cpu_is_fast_in_it(cpu, features, precision, name):
    cpu(**features)
    setting = choose_setting("cpu", "auto")
    assert setting.precision == precision
    assert describe_device(setting) == name
    assert choose_setting("cpu", "bf16").precision == "bf16"


@pytest.mark.parametrize(
    ("limits", "precision"),
    [
        (("AVX512_CORE_BF16", None), "fp32"),
        (("avx2", None), "fp32"),
        ((None, "AVX512_CORE"), "fp32"),
        (("", "AVX10_1_512"), "fp32"),
        (("AVX2", "ALL"), "fp32"),
        (("AVX512_CORE_AMX", "AVX2"), "bf16"),
        (("avx512_core_amx_fp16", None), "bf16"),
        (("ALL", None), "bf16"),
        (("DEFAULT", None), "bf16"),
        (("nonsense", None), "bf16"),
    ],
)
def test_auto_is_fp32_if_amx_is_disabled(cpu, monkeypatch, limits, precision):
    cpu(amx=True)
    for name, limit in zip(LIMITS, limits, strict=True):
        if limit is not None:
            monkeypatch.setenv(name, limit)
    assert choose_setting("cpu", "auto").precision == precision


@pytest.mark.parametrize(
    ("limit", "precision"),
    [("AVX2", "fp32"), ("AVX512_CORE", "fp32"), ("AVX512_CORE_BF16", "bf16"), ("ALL", "bf16")],
)
def test_auto_is_fp32_if_bf16_is_disabled(cpu, monkeypatch, limit, precision):
    cpu(amx=False, avx512_bf16=True, vendor="AuthenticAMD")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert choose_setting("cpu", "auto").precision == precision


def test_the_description_of_this_cpu_names_its_instructions():
    described = describe_device(choose_setting("cpu", "fp32"))
    vectors = torch.backends.cpu.get_cpu_capability()
    assert described.startswith(f"CPU {vectors}")
    assert described.removeprefix(f"CPU {vectors}") in (
        "",
        ", AMX bf16",
        ", AMD AVX512 bf16",
        ", AVX512 bf16",
    )


@pytest.fixture
def gpu(monkeypatch):
    """A function that makes PyTorch report a GPU with the given compute capability."""

    def make(major, minor):
        properties = SimpleNamespace(major=major, minor=minor)
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr("torch.cuda.current_device", lambda: 0)
        monkeypatch.setattr("torch.cuda.get_device_properties", lambda *_: properties)
        monkeypatch.setattr("torch.cuda.get_device_capability", lambda *_: (major, minor))
        monkeypatch.setattr("torch.cuda.get_device_name", lambda *_: "Old GPU")

    return make


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_precision_without_hardware_support_is_rejected(gpu, device, precision):
    gpu(7, 5)
    with pytest.raises(InputError) as caught:
        choose_setting(device, precision)
    assert str(caught.value) == (
        f"precision is {precision}, but Old GPU has no hardware for it (NVIDIA GPUs have it from "
        "compute capability 8.0 on); set precision to auto or fp32."
    )
    gpu(8, 0)
    assert choose_setting(device, precision).precision == precision


def test_auto_is_fp32_on_a_gpu(gpu):
    for capability in ((7, 5), (8, 0), (9, 0)):
        gpu(*capability)
        setting = choose_setting("auto", "auto")
        assert (setting.device.type, setting.precision) == ("cuda", "fp32")
        assert describe_device(setting) == "Old GPU"


def test_a_gpu_too_old_for_triton_is_rejected(gpu):
    gpu(6, 1)
    with pytest.raises(InputError) as caught:
        check_compiler()
    assert str(caught.value) == (
        "Old GPU has compute capability 6.1, but the kernel that draws random numbers needs 7.0; "
        "set device to cpu."
    )


@pytest.fixture
def cgroups(tmp_path, monkeypatch):
    """A function that fakes the files of cgroups and the process's entry in them."""

    def make(process, files):
        monkeypatch.setattr(device_module, "CGROUPS", tmp_path)
        monkeypatch.setattr(device_module, "CGROUPS_OF_PROCESS", tmp_path / "process")
        (tmp_path / "process").write_text(process)
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)))
    return make


V1 = "5:devices:/\n4:cpu,cpuacct:/docker/1f\n3:cpuset:/docker/1f\n0::/\n"
CGROUP_CASES = {
    "v2 without a limit": ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
    "v2, the root cgroup, which has no file": ("0::/\n", {}, 8),
    "v2 in a container": ("0::/\n", {"cpu.max": "300000 100000\n"}, 3),
    "v2, two and a half cores": ("0::/\n", {"cpu.max": "250000 100000\n"}, 3),
    "v2, a fraction of a core": ("0::/\n", {"cpu.max": "20000 100000\n"}, 1),
    "v2, above the affinity": ("0::/\n", {"cpu.max": "6400000 100000\n"}, 8),
    "v2, the limit of a job above its step": (
        "0::/slurm/job_1/step_0\n",
        {"slurm/job_1/step_0/cpu.max": "max 100000\n", "slurm/job_1/cpu.max": "200000 100000\n"},
        2,
    ),
    "v2, the limit of another cgroup": ("0::/one\n", {"other/cpu.max": "100000 100000\n"}, 8),
    "v1 without a limit": (
        V1,
        {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
        8,
    ),
    "v1 in a container, without the host's path": (
        V1,
        {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"},
        2,
    ),
    "v1 on the host": (
        V1,
        {
            "cpu/docker/1f/cpu.cfs_quota_us": "50000\n",
            "cpu/docker/1f/cpu.cfs_period_us": "10000\n",
        },
        5,
    ),
}


@pytest.mark.parametrize(("process", "files", "cores"), CGROUP_CASES.values(), ids=CGROUP_CASES)
def test_cores_are_limited_by_affinity_and_cgroup(cgroups, process, files, cores):
    cgroups(process, files)
    assert usable_cores() == cores


def test_cores_of_a_system_without_affinity_and_cgroups(monkeypatch, tmp_path):
    monkeypatch.setattr(device_module, "CGROUPS_OF_PROCESS", tmp_path / "absent")
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert usable_cores() == 6


def test_cores_of_this_process():
    # This test uses the real cgroup files of this machine.
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from created_equal.training.engine.device import usable_cores; print(usable_cores())"
    )
    assert printed_by(code).strip() == "1"
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_forward_passes_use_the_precision(precision, dtype):
    layer = torch.nn.Linear(2, 2)
    with choose_setting("cpu", precision).autocast():
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_tf32_is_off_by_default():
    choose_setting("cpu", "fp32")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_each_lane_of_the_engine_has_a_queue_of_its_own(monkeypatch):
    name = "CUDA_DEVICE_MAX_CONNECTIONS"
    monkeypatch.setenv(name, "8")
    choose_setting("cpu", "fp32")
    assert os.environ[name] == "8"
    monkeypatch.delenv(name)
    choose_setting("cpu", "fp32")
    assert int(os.environ[name]) > LANES
