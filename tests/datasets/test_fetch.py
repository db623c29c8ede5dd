import fcntl
import multiprocessing
import os
import signal
import socket
from pathlib import Path

import pytest
from needs import require
from torchvision.datasets import CIFAR100

from created_equal.datasets import fetch
from created_equal.datasets.cifar import open_cifar100
from created_equal.datasets.mnist import open_mnist
from created_equal.errors import NO_LOCKS, InputError

ARCHIVE = CIFAR100.filename
UNREADABLE = Path("/proc/self/mem")
FORK = multiprocessing.get_context("fork")  # inherits the fixture's checksums and address


def list_files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_download_that_is_cut_short_leaves_nothing(tmp_path, small_cifar100, server):
    server.cut.add(ARCHIVE)
    with pytest.raises(InputError, match="cut short or altered") as caught:
        open_cifar100(tmp_path, download=True, superclass=None)
    assert CIFAR100.url in str(caught.value)
    assert f"put the file at {tmp_path / ARCHIVE} by hand" in str(caught.value)
    assert list_files(tmp_path) == [".lock"]
    server.cut.clear()
    assert len(open_cifar100(tmp_path, download=True, superclass=None).labels) == 42


def test_failures_of_the_server_are_reported(tmp_path, small_cifar100, server, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(CIFAR100, "url", server.url + "elsewhere.tar.gz")
        with pytest.raises(
            InputError, match=r"elsewhere.tar.gz \(Not Found\); check the connection"
        ):
            open_cifar100(tmp_path, download=True, superclass=None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with monkeypatch.context() as patch:
        patch.setattr(CIFAR100, "url", f"http://127.0.0.1:{port}/{ARCHIVE}")
        with pytest.raises(InputError, match=rf"127.0.0.1:{port}/.*refused.*check the connection"):
            open_cifar100(tmp_path, download=True, superclass=None)
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    server.stalling.add(ARCHIVE)
    with pytest.raises(InputError, match=r"timed out.*check the connection"):
        open_cifar100(tmp_path, download=True, superclass=None)
    assert list_files(tmp_path) == [".lock"]
    assert socket.getdefaulttimeout() is None


def test_a_data_root_that_is_not_writable_is_reported(tmp_path, small_cifar100):
    (tmp_path / ".lock").mkdir()  # Nobody, not even root, can write to it.
    sentence = r"/\.lock, the lock of that data_root, cannot be written to \(Is a directory\); a f"
    with pytest.raises(InputError, match=sentence):
        open_cifar100(tmp_path, download=True, superclass=None)


def test_two_processes_download_only_once(tmp_path, small_cifar100, server):
    arguments = (tmp_path, True, None)
    processes = [FORK.Process(target=open_cifar100, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert server.served[ARCHIVE] == 1


def test_a_killed_download_starts_again(tmp_path, small_cifar100, server):
    server.stalling.add(ARCHIVE)
    process = FORK.Process(target=open_cifar100, args=(tmp_path, True, None))
    process.start()
    assert server.half_sent.wait(60)
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / ARCHIVE).exists()
    assert not (tmp_path / "cifar-100-python").exists()
    server.stalling.clear()
    assert len(open_cifar100(tmp_path, download=True, superclass=None).labels) == 42
    assert list_files(tmp_path)[:2] == [".lock", "cifar-100-python"]


def test_an_unreadable_file_is_reported(tmp_path, small_cifar100, small_mnist):
    # Reading a process's memory at address 0 fails for every user, including root.
    require(UNREADABLE.exists(), f"there is no {UNREADABLE}, which only Linux has")
    small_cifar100.unpack_into(tmp_path)
    train = tmp_path / "cifar-100-python" / "train"
    train.unlink()
    train.symlink_to(UNREADABLE)
    with pytest.raises(
        InputError, match=r"train cannot be read \(Input/output error\); check the d"
    ):
        open_cifar100(tmp_path, download=True, superclass=None)
    images = small_mnist.write_into(tmp_path) / "train-images-idx3-ubyte"
    images.with_name("train-images-idx3-ubyte.gz").unlink()
    images.symlink_to(UNREADABLE)
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte cannot be read \(Input/output"):
        open_mnist(tmp_path, download=True)


def hold_lock(path, held, release):
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("another machine, process 7")
        file.flush()
        held.set()
        release.wait(30)


def test_a_lock_that_is_never_released_ends_the_wait(tmp_path, small_cifar100, monkeypatch, caplog):
    held, release = FORK.Event(), FORK.Event()
    process = FORK.Process(target=hold_lock, args=(tmp_path / ".lock", held, release))
    process.start()
    assert held.wait(30)
    monkeypatch.setattr(fetch, "LONGEST_WAIT", 0.5)
    with pytest.raises(
        InputError, match=r"\(another machine, process 7\) has held the lock .*lock"
    ):
        open_cifar100(tmp_path, download=True, superclass=None)
    assert caplog.text.count("waiting for another download") == 1
    release.set()
    process.join(30)


@pytest.mark.parametrize("number", sorted(NO_LOCKS))
def test_a_file_system_without_locks_needs_none(
    tmp_path, small_cifar100, monkeypatch, caplog, number
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    (tmp_path / ".lock").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    assert len(open_cifar100(tmp_path, download=True, superclass=None).labels) == 42
    assert "this file system has no locks; going on without" in caplog.text


def test_a_data_root_that_does_not_exist_is_not_made(tmp_path, small_cifar100, server):
    with pytest.raises(InputError, match="typo does not exist; make the folder, or correct"):
        open_cifar100(tmp_path / "typo", download=True, superclass=None)
    assert not server.served


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy..example:8080",
        "http://me:secret@127.0.0.1:9",
        "http://me:a@secret@127.0.0.1:9",
        "me:secret@127.0.0.1:9",
        "127.0.0.1:9",
    ],
)
def test_the_proxy_is_named_without_its_password(tmp_path, small_cifar100, monkeypatch, proxy):
    monkeypatch.setattr("urllib.request._opener", None)  # it keeps the proxies of its first use
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(
        InputError, match=r"through the proxy .*check the connection and the proxy"
    ) as e:
        open_cifar100(tmp_path, download=True, superclass=None)
    assert "secret" not in str(e.value)
    assert proxy.rpartition("@")[2].removeprefix("http://") in str(e.value)
