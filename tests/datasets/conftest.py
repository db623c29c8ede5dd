"""A local server of archives, and small data sets in the formats of the originals."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest


@dataclass
class Server:
    """An HTTP server on 127.0.0.1."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)  # half is sent, then the connection is closed
    stalling: set[str] = field(default_factory=set)  # half is sent, then nothing more
    served: Counter = field(default_factory=Counter)
    half_sent: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def respond(self, with_body):
            name = self.path.lstrip("/")
            if name not in state.files:
                self.send_error(404)
                return
            body = state.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not with_body:
                return
            state.served[name] += 1
            if name in state.cut:
                self.wfile.write(body[: len(body) // 2])
            elif name in state.stalling:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                state.half_sent.set()
                state.closing.wait(20)
            else:
                self.wfile.write(body)

        def do_HEAD(self):
            self.respond(with_body=False)

        def do_GET(self):
            # torchvision resolves redirects by a GET with this header, and reads no body.
            self.respond(with_body=self.headers["Method"] != "HEAD")

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{listening.server_port}/")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield state
    state.closing.set()
    listening.shutdown()
    listening.server_close()
    thread.join()


@dataclass
class SmallCifar:
    """A small CIFAR-100: the contents of its files, its archive, images and labels."""

    files: dict[str, bytes]
    archive: bytes
    images: np.ndarray
    fine: list[int]
    coarse: list[int]

    def unpack_into(self, data_root: Path) -> None:
        folder = data_root / "cifar-100-python"
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


@pytest.fixture
def small_cifar100(monkeypatch, server):
    """Replace CIFAR-100 by 30 + 12 images in 6 fine and 2 coarse classes, on ``server``.

    The coarse class beasts has the fine classes zebra, ant and mole; plants has the others.
    """
    from torchvision.datasets import CIFAR100

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (42, 32, 32, 3), dtype=np.uint8)
    fine = (np.arange(42) % 6).tolist()
    coarse = [0 if label in (0, 2, 4) else 1 for label in fine]

    def batch(rows):
        return pickle.dumps(
            {
                "data": images[rows].transpose(0, 3, 1, 2).reshape(-1, 3072),
                "fine_labels": fine[rows],
                "coarse_labels": coarse[rows],
            },
            protocol=2,
        )

    names = ["zebra", "fern", "ant", "moss", "mole", "oak"]
    meta = {"fine_label_names": names, "coarse_label_names": ["beasts", "plants"]}
    files = {
        "train": batch(slice(0, 30)),
        "test": batch(slice(30, 42)),
        "meta": pickle.dumps(meta, protocol=2),
    }
    archive = tar_gz({f"cifar-100-python/{name}": content for name, content in files.items()})
    monkeypatch.setattr(CIFAR100, "url", server.url + CIFAR100.filename)
    monkeypatch.setattr(CIFAR100, "tgz_md5", md5(archive))
    monkeypatch.setattr(CIFAR100, "train_list", [["train", md5(files["train"])]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", md5(files["test"])]])
    monkeypatch.setattr(CIFAR100, "meta", CIFAR100.meta | {"md5": md5(files["meta"])})
    server.files[CIFAR100.filename] = archive
    return SmallCifar(files, archive, images, fine, coarse)


@pytest.fixture
def small_cifar10(monkeypatch, tmp_path):
    """Put a CIFAR-10 into tmp_path: batch k has two images with all pixels k and labels k and 9."""
    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    files = {
        name: pickle.dumps({"data": np.full((2, 3072), k, np.uint8), "labels": [k, 9]}, protocol=2)
        for k, (name, _) in enumerate([*CIFAR10.train_list, *CIFAR10.test_list])
    }
    meta = {"label_names": [f"class {k}" for k in range(10)]}
    files["batches.meta"] = pickle.dumps(meta, protocol=2)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for split in ("train_list", "test_list"):
        listed = [[name, md5(files[name])] for name, _ in getattr(CIFAR10, split)]
        monkeypatch.setattr(CIFAR10, split, listed)
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5(files["batches.meta"])})
    return tmp_path


@dataclass
class SmallMnist:
    """A small MNIST: the contents of its packed files, images and labels."""

    files: dict[str, bytes]
    images: np.ndarray
    labels: np.ndarray

    def write_into(self, data_root: Path) -> Path:
        folder = data_root / "MNIST" / "raw"
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder


@pytest.fixture
def small_mnist(monkeypatch, server):
    """Replace MNIST by 40 + 20 images of 28 x 28 pixels, on ``server``."""
    from torchvision.datasets import MNIST

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 28, 28), dtype=np.uint8)
    labels = (np.arange(60) % 10).astype(np.uint8)
    files = {}
    for prefix, rows in (("train", slice(0, 40)), ("t10k", slice(40, 60))):
        files[f"{prefix}-images-idx3-ubyte.gz"] = gzip.compress(idx(images[rows]))
        files[f"{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels[rows]))
    monkeypatch.setattr(MNIST, "mirrors", [server.url])
    monkeypatch.setattr(MNIST, "resources", [(name, md5(data)) for name, data in files.items()])
    unpacked = {name[:-3]: md5(gzip.decompress(data)) for name, data in files.items()}
    monkeypatch.setattr("created_equal.datasets.mnist.MD5", unpacked)
    server.files.update(files)
    return SmallMnist(files, images, labels)


def idx(values: np.ndarray) -> bytes:
    """Return unsigned bytes in MNIST's format: 0, 0, 8 (uint8), dimensions, sizes, values."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + (
        values.tobytes()
    )


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def tar_gz(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
