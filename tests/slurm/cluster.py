"""A Slurm cluster of one node on loopback, for tests: ``python tests/slurm/cluster.py COMMAND``.

Root, on Debian or Ubuntu. What is missing of Slurm is installed. The daemons are children of this
process: they end with it, however it ends, and nothing else is ever stopped.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
}
# Where Slurm looks without SLURM_CONF, which the jobs of Snakemake's plugin do not have.
DEFAULT_CONF = Path("/etc/slurm/slurm.conf")
PREFIX = "slurm-test-"  # of the folder of a cluster
CPUS = 2
GPUS = 2  # that can be asked for, but are none
URGENT = "urgent"  # the partition whose jobs preempt all others
SECONDS_TO_START = 30
SECONDS_TO_STOP = 20
SECONDS_TO_REQUEUE = 10
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
LIBC = ctypes.CDLL(None)


@contextmanager
def cluster() -> Iterator[Path]:
    """Start a cluster, give the folder of its logs, and stop it.

    Raises:
        RuntimeError: it cannot be started here, or a daemon ends by itself: with what it said.
    """
    install()
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        state.chmod(0o755)
        configuration = write_configuration(state)
        stack.enter_context(linked(configuration))
        munge = state / "munge.socket"
        daemons = (
            (munged(state), lambda: succeeds("munge", "--no-input", f"--socket={munge}")),
            (["slurmctld", "-D", "-f", configuration], lambda: "UP" in said("scontrol", "ping")),
            (["slurmd", "-D", "-f", configuration], lambda: "idle" in said("sinfo", "-h", "-o%t")),
        )
        for command, ready in daemons:
            stack.enter_context(running(command, state / f"{command[0]}.log", ready))
        stack.callback(cancel_all)
        yield state


def install() -> None:
    """Install what is missing of Slurm, without the services that the packages would start."""
    if os.getuid() != 0:
        raise RuntimeError("the test of Slurm starts its daemons: run it as root")
    missing = [package for name, package in PROGRAMS.items() if shutil.which(name) is None]
    if not missing:
        return
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            subprocess.run(
                ["apt-get", "-qq", *command],
                check=True,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                stdout=subprocess.DEVNULL,
            )
    finally:
        if ours:
            policy.unlink()


def write_configuration(state: Path) -> Path:
    """Write slurm.conf and what belongs to it, and return its path."""
    host = socket.gethostname().partition(".")[0]
    controller, node = free_ports(2)
    for folder in ("spool", "saved", "gpus"):
        (state / folder).mkdir()
    gpus = [state / "gpus" / f"gpu{number}" for number in range(GPUS)]
    for gpu in gpus:
        # Slurm wants a device; what this one does is of no account.
        gpu.symlink_to("/dev/zero")
    lines = [f"NodeName={host} Name=gpu File={gpu}" for gpu in gpus]
    (state / "gres.conf").write_text("\n".join(lines) + "\n")
    (state / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 * 9 // 10
    path = state / "slurm.conf"
    path.write_text(f"""\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
# A requeued job waits as long as the credentials of its first run hold, by default two minutes.
AuthInfo=socket={state}/munge.socket,cred_expire={SECONDS_TO_REQUEUE}
StateSaveLocation={state}/saved
SlurmdSpoolDir={state}/spool
SlurmctldPidFile={state}/slurmctld.pid
SlurmdPidFile={state}/slurmd.pid
SlurmctldLogFile={state}/slurmctld.log
SlurmdLogFile={state}/slurmd.log
# One machine without systemd: processes are found by their parents, and bound to nothing.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1
# Finished jobs stay in squeue's list, where Snakemake looks for them.
MinJobAge=3600
# What can never run is refused when it is submitted.
EnforcePartLimits=ALL
KillWait=5
# Jobs of the other partition take the node, and of those that run there only such go back into the
# queue as were submitted so; all others are cancelled.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=0
ReturnToService=2
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={CPUS} RealMemory={memory} Gres=gpu:{GPUS}
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName={URGENT} Nodes={host} PriorityTier=2 MaxTime=INFINITE State=UP
""")
    return path


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens at."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def munged(state: Path) -> list:
    """Return the command of the daemon by which Slurm's others know each other."""
    key = state / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    files = {"key-file": key, "socket": state / "munge.socket", "pid-file": state / "munge.pid"}
    files |= {"log-file": state / "munge.log", "seed-file": state / "munge.seed"}
    return ["munged", "--foreground", *(f"--{name}={path}" for name, path in files.items())]


@contextmanager
def linked(configuration: Path) -> Iterator[None]:
    """Let the configuration be the machine's, as long as it has no other."""
    with configuration.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_abandoned_link()
        if DEFAULT_CONF.exists():
            raise RuntimeError(f"{DEFAULT_CONF} exists: this machine has a Slurm of its own")
        DEFAULT_CONF.parent.mkdir(exist_ok=True)
        DEFAULT_CONF.symlink_to(configuration)
        try:
            yield
        finally:
            DEFAULT_CONF.unlink()


def remove_abandoned_link() -> None:
    """Remove the link and the folder of a killed test, whose lock ended with its process."""
    if not DEFAULT_CONF.is_symlink():
        return
    configuration = DEFAULT_CONF.readlink()
    if configuration.exists():
        if not configuration.parent.name.startswith(PREFIX):
            return
        with configuration.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        shutil.rmtree(configuration.parent)
    DEFAULT_CONF.unlink()


@contextmanager
def running(command: list, log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    """Run a daemon, wait until it is ready, and end it."""
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: LIBC.prctl(DIES_WITH_PARENT, signal.SIGTERM),
        )
    try:
        wait_until(lambda: daemon.poll() is not None or ready(), SECONDS_TO_START)
        if daemon.poll() is not None or not ready():
            raise RuntimeError(f"{command[0]} does not run:\n{log.read_text()[-2000:]}")
        yield
    finally:
        daemon.terminate()
        try:
            daemon.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def cancel_all() -> None:
    """Cancel every job, and wait until none is left."""
    succeeds("scancel", "--user=root")
    wait_until(lambda: said("squeue", "-h", "-tR,PD,CG,S") == "", SECONDS_TO_STOP)


def wait_until(happens: Callable[[], bool], seconds: float) -> bool:
    """Return whether something happens within this many seconds."""
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def said(*command: str) -> str:
    """Return what a command says."""
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def succeeds(*command: str) -> bool:
    """Return whether a command succeeds."""
    return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    with cluster():
        sys.exit(subprocess.run(sys.argv[1:]).returncode)
