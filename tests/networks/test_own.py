import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.networks import build_network, count_flops
from created_equal.networks.dropout import Dropout
from created_equal.study import Architecture, Recipe
from created_equal.study.own_networks import find_own_network
from created_equal.training import train_networks

SHAPE = (8, 8, 3)
NET = """
from torch import nn
def make(n_classes, image_shape):
    height, width, channels = image_shape
    pixels = height * width * channels
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.25), nn.Linear(pixels, n_classes))
"""
IN_TRAINING = """
from torch import nn
class Net(nn.Linear):
    def forward(self, x):
        logits = super().forward(x.flatten(1))
        return CHANGED if self.training else logits
def make(n_classes, image_shape):
    return Net(192, n_classes)
"""
CONVOLUTION = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.out = nn.Linear(256, n_classes)
    def forward(self, x):
        x = self.convolution(x)
        return CHANGED
def make(n_classes, image_shape):
    return Net(n_classes)
"""
count = iter(range(1000))


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A function that builds the network that a file's text defines, each in a new module."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(text=NET, function="make", **recipe):
        return build_network(architecture_of(tmp_path, text, function), Recipe(**recipe), SHAPE, 5)

    return run


def architecture_of(folder, text, function="make"):
    """Return the architecture that a file's text defines, in a new module of a folder."""
    name = f"own_nets_{next(count)}"
    (folder / f"{name}.py").write_text(text)
    own = find_own_network(f"{name}:{function}", folder)
    return Architecture(f"{name}:{function}", own=own)


def returning(value):
    return f"import torch\nfrom torch import nn\ndef make(n_classes, image_shape):\n    {value}\n"


def test_a_network_maps_images_to_logits_with_our_dropout(build):
    network = build()
    assert network.training
    assert [type(layer) for layer in network][1] is Dropout
    assert network[1].threshold == 64
    assert network.eval()(torch.zeros(3, 3, 8, 8)).shape == (3, 5)
    assert build(dropout=False)[1].p == 0


def test_other_kinds_of_dropout_have_the_recipes_rate(build):
    text = NET.replace("nn.Flatten(), nn.Dropout(0.25)", "nn.Dropout2d(0.25), nn.Flatten()")
    assert build(text)[0].p == 0.25
    assert build(text, dropout=False)[0].p == 0
    assert build(text, dropout=0.5)[0].p == 0.5


ATTENTION = """
from torch import nn
from torch.nn import functional as F
class Net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.drop = nn.Dropout(0.25)
        self.attention = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.25, batch_first=True)
        self.recurrent = nn.LSTM(8, 8, 2, batch_first=True, dropout=0.25)
        self.out = nn.Linear(8, n_classes)
    def forward(self, x):
        x = self.attention(x[:, 0])
        rate = self.drop.p if self.training else 0
        x = F.scaled_dot_product_attention(x, x, x, dropout_p=rate)
        return self.out(self.recurrent(x)[0].mean(1))
def make(n_classes, image_shape):
    return Net(n_classes)
"""


@pytest.mark.parametrize(("dropout", "rate"), [(True, 0.25), (False, 0.0), (0.5, 0.5)])
def test_dropout_of_attention_and_recurrent_layers_has_the_recipes_rate(build, dropout, rate):
    network = build(ATTENTION, dropout=dropout)
    assert (
        network.drop.p == network.attention.self_attn.dropout == network.recurrent.dropout == rate
    )
    images = torch.ones(2, 3, 8, 8)
    if not dropout:
        assert torch.equal(network(images), network(images))


def test_dropout_that_is_derived_is_kept_and_one_at_two_places_is_replaced_at_both(build):
    text = """
from torch import nn
class Always(nn.Dropout):
    def forward(self, x):
        return nn.functional.dropout(x, self.p, self.training) * 2
def make(n_classes, image_shape):
    twice = nn.Dropout(0.25)
    return nn.Sequential(nn.Flatten(), Always(0.25), twice, nn.Linear(192, n_classes), twice)
"""
    network = build(text, dropout=0.5)
    assert type(network[1]).__name__ == "Always" and network[1].p == 0.5
    assert isinstance(network[2], Dropout) and isinstance(network[4], Dropout)


def test_layers_are_new_in_each_network(tmp_path, monkeypatch):
    text = """
from torch import nn
SHARED, ACTIVATION = nn.BatchNorm2d(3), nn.ReLU()
def make(n_classes, image_shape):
    norm = SHARED if n_classes == 5 else nn.BatchNorm2d(3)
    return nn.Sequential(norm, ACTIVATION, nn.Flatten(), nn.Linear(192, n_classes))
"""
    monkeypatch.setattr(sys, "path", [*sys.path])
    architecture = architecture_of(tmp_path, text)
    for classes in (4, 4, 5):
        build_network(architecture, Recipe(), SHAPE, classes)
    with pytest.raises(InputError, match=r"returns layers that it has returned before, so netw"):
        build_network(architecture, Recipe(), SHAPE, 5)


def test_networks_do_not_train_a_tensor_of_their_file(build):
    network = build("""
import torch
from torch import nn
START = torch.zeros(5)
class Net(nn.Linear):
    def __init__(self, n_classes):
        super().__init__(192, n_classes)
        self.shift = nn.Parameter(START)
        self.register_buffer("start", START)
    def forward(self, x):
        return super().forward(x.flatten(1)) + self.shift
def make(n_classes, image_shape):
    return Net(n_classes)
""")
    with torch.no_grad():
        network.shift += 1
    assert not network.start.any()


def test_the_first_network_of_a_process_is_the_same_as_after_others(build, tmp_path):
    text = returning("return nn.Sequential(nn.Flatten(), nn.Linear(192, n_classes))")
    architecture = architecture_of(tmp_path, "import torch\ntorch.manual_seed(0)\n" + text)
    networks = []
    for _ in range(2):
        torch.manual_seed(1)
        networks.append(build_network(architecture, Recipe(), SHAPE, 5))
    first, second = (each[1].weight for each in networks)
    assert torch.equal(first, second)


def test_what_a_file_draws_is_the_same_whichever_network_is_first(build):
    """Otherwise it would depend on the networks that are in one job."""
    text = "import torch\nSTART = torch.rand(5)\n" + returning(
        "layer = nn.Linear(192, n_classes); layer.register_buffer('start', START); "
        "return nn.Sequential(nn.Flatten(), layer)"
    )
    drawn = []
    for first in (0, 7):
        torch.manual_seed(first)
        drawn.append(build(text)[1].start)
    assert torch.equal(*drawn)


def test_operations_of_a_network_with_tensors_that_are_no_parameters(build):
    text = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, pixels, n_classes):
        super().__init__()
        self.scale = torch.ones(pixels)
        self.out = nn.Linear(pixels, n_classes)
    def forward(self, x):
        x = x.flatten(1) * self.scale
        return self.out(x if x.sum() > 0 else -x)
def make(n_classes, image_shape):
    return Net(192, n_classes)
"""
    layer = 2 * 192 * 5
    # The backward pass has one such product, for the weights.
    assert count_flops(build(text), SHAPE) == (layer, 2 * layer)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n", r"own_nets_\d+\.py has no function make; define make\(n_classes, image_shape"),
        ("import no_such_library\n", r"cannot be imported \(ModuleNotFoundError: No module named"),
        ("\n\nx = 1 / 0\n", r"py cannot be imported \(ZeroDivisionError: .*, own_nets_\d+\.py lin"),
        (
            "import sys\nsys.exit(2)\n",
            r"py cannot be imported \(SystemExit: 2, own_nets_\d+\.py line",
        ),
        (
            returning("raise SystemExit"),
            r"fails \(SystemExit: , own_nets_\d+\.py line 4\); correct",
        ),
        ("def make(): ...\n", r"make\(5, \(8, 8, 3\)\) fails \(TypeError: make\(\) takes 0 posit"),
        (returning("return 1 / 0"), r"fails \(ZeroDivisionError: .*, own_nets_\d+\.py line 4\); c"),
        (returning("return [1]"), r"returns an object of type list; let it return a torch\.nn\.Mo"),
        (returning("torch.manual_seed(0); return nn.Linear(3, 5)"), r"sets PyTorch's seed, so all"),
        (returning("return nn.Linear(3, 5)"), r"fails on images \(RuntimeError: .*mat1 and mat"),
        (returning("return nn.Flatten()"), r"torch\.float32 of the shape \(2, 192\) for two ima"),
        (returning("return nn.AdaptiveMaxPool2d(2, True)"), r"returns an object of type tuple; l"),
        (
            NET.replace("n_classes))", "n_classes)).double()"),
            r"type torch\.float64, but images are torch\.float32; .*let it return float32 logits\.",
        ),
        (NET.replace("n_classes))", "n_classes)).half()"), r"torch\.float16, .*return float32 log"),
        (
            NET.replace("0.25", "0.002"),
            r"a dropout layer has the rate 0\.002; give 0, or a rate from",
        ),
        (
            CONVOLUTION.replace("CHANGED", "self.out(x.view(len(x), -1))"),
            r"fails on images \(.*Use \.reshape\(.*\) instead.*, own_nets_\d+\.py line 11\); co",
        ),
        (
            CONVOLUTION.replace("CHANGED", "self.out(x.flatten(1)) + torch.rand(1)"),
            r"returns other logits for the same images in evaluation mode, .* only if self\.tr",
        ),
        (
            IN_TRAINING.replace("CHANGED", "(logits, x)"),
            r"returns an object of type tuple in training mode; let it return logits",
        ),
        (
            IN_TRAINING.replace("CHANGED", "logits[:, :4]"),
            r"torch\.float32 of the shape \(2, 4\) for two images in training mode; let it ret",
        ),
        (IN_TRAINING.replace("CHANGED", "1 / 0"), r"fails on images in training mode \(ZeroDiv"),
        (
            returning("return nn.Sequential(nn.AdaptiveAvgPool3d((5, 1, 1)), nn.Flatten())"),
            r"has no trainable parameters; give it a layer that has some",
        ),
        (
            NET.replace("n_classes))", "n_classes)).requires_grad_(False)"),
            r"has no trainable parameters; .* leave their requires_grad True\.",
        ),
    ],
)
def test_an_invalid_network_is_one_sentence(build, text, sentence):
    with pytest.raises(InputError, match=sentence) as refusal:
        build(text)
    assert "\n" not in str(refusal.value)


def test_trying_a_network_in_training_mode_leaves_no_trace(build):
    text = NET.replace("nn.Flatten()", "nn.BatchNorm2d(3), nn.Dropout2d(0.5), nn.Flatten()")
    torch.manual_seed(7)
    network = build(text)
    after = torch.rand(1)
    norm, dropout = network[0], network[3]
    assert norm.num_batches_tracked == 0
    assert norm.running_var.tolist() == [1, 1, 1]
    assert network.training and norm.training and dropout.noise is None
    torch.manual_seed(7)
    torch.nn.Linear(192, 5)
    assert after == torch.rand(1)


def test_buffers_that_are_replaced_in_training_mode_are_restored(build):
    text = """
from torch import nn
import torch
class Net(nn.Linear):
    def forward(self, x):
        if self.training:
            self.steps = self.steps + 1
        return super().forward(x.flatten(1))
def make(n_classes, image_shape):
    network = Net(192, n_classes)
    network.register_buffer("steps", torch.zeros(1), persistent=False)
    return network
"""
    assert build(text).steps == 0


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_a_lazy_network_and_one_that_is_compiled_to_torchscript_are_accepted(build):
    lazy = "return nn.Sequential(nn.LazyConv2d(4, 8), nn.LazyBatchNorm2d(), nn.Flatten(), LAST)"
    network = build(returning(lazy.replace("LAST", "nn.LazyLinear(5)")))
    assert network[1].num_batches_tracked == 0
    scripted = lazy.replace("LAST", "nn.Linear(4, 5)").replace("LazyConv2d(4", "Conv2d(3, 4")
    scripted = scripted.replace("LazyBatchNorm2d()", "BatchNorm2d(4)")
    network = build(returning(scripted.replace("return ", "return torch.jit.script(") + ")"))
    assert network.state_dict()["1.num_batches_tracked"] == 0


def test_the_name_of_another_module(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "json.py").write_text(NET)
    architecture = Architecture("json:make", own=find_own_network("json:make", tmp_path))
    with pytest.raises(InputError, match=r"json is also the name of another module \(.*\); rename"):
        build_network(architecture, Recipe(), SHAPE, 5)


def test_a_file_that_changes_after_the_study_was_read(tmp_path):
    (tmp_path / "changing_nets.py").write_text(NET)
    own = find_own_network("changing_nets:make", tmp_path)
    (tmp_path / "changing_nets.py").write_text(NET + "# changed\n")
    with pytest.raises(InputError, match=r"has just changed; run again"):
        build_network(Architecture("changing_nets:make", own=own), Recipe(), SHAPE, 5)


def test_a_compiled_file_of_the_same_time_and_size_is_not_used(tmp_path, monkeypatch):
    import py_compile

    monkeypatch.setattr(sys, "path", [*sys.path])
    file = tmp_path / "cached_nets.py"
    file.write_text(NET.replace("0.25", "0.50"))
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    py_compile.compile(file)
    file.write_text(NET)
    os.utime(file, ns=times)
    own = find_own_network("cached_nets:make", tmp_path)
    network = build_network(Architecture("cached_nets:make", own=own), Recipe(), SHAPE, 5)
    assert network[1].threshold == 64


@pytest.fixture
def train(tmp_path, monkeypatch, tiny, digits_file):
    """A function that trains networks 0 and 1 of an architecture, and returns their predictions."""

    def run(architecture, folder="results", precision="fp32"):
        own = {"own": architecture.own}
        ensemble = tiny(architecture.name, width=1.0, variations=own, activation=None)
        path = Path(folder, "0000-0001.nc")
        train_networks(ensemble, digits_file, [0, 1], path, device="cpu", precision=precision)
        return read_predictions(path)["prediction"].values

    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    return run


def test_networks_are_trained_and_predict_the_same_when_trained_again(tmp_path, train):
    architecture = architecture_of(tmp_path, NET)
    one, other = (train(architecture, folder) for folder in ("one", "other"))
    assert np.array_equal(one, other)
    assert (one[0] != one[1]).any()


CUBE = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.cube = nn.Conv3d(1, 2, (1, 5, 5), stride=(1, 5, 5))
        self.last = nn.Linear(18, n_classes)
    def forward(self, x):
        return self.last(self.cube(x[:, None]).flatten(1))
def make(n_classes, image_shape):
    return Net(n_classes)
"""


def test_a_network_may_have_parameters_of_five_dimensions(tmp_path, train):
    assert train(architecture_of(tmp_path, CUBE)).shape[0] == 2


TABLE = """
import torch
from torch import nn
class Net(nn.Linear):
    table = None
    def forward(self, x):
        x = self.first(x.flatten(1))
        if self.table is None or self.table.dtype != x.dtype:
            self.table = torch.ones(8, dtype=x.dtype)
        return super().forward(x * self.table)
def make(n_classes, image_shape):
    network = Net(8, n_classes)
    network.first = nn.Linear(256, 8)
    return network
"""


def test_a_network_may_keep_a_tensor_that_it_makes_in_evaluation(tmp_path, train):
    assert train(architecture_of(tmp_path, TABLE), precision="bf16").shape[0] == 2


ONLY_IN_TRAINING = """
import torch
from torch import nn
class Net(nn.Linear):
    def forward(self, x):
        x = x.flatten(1)
        return CHANGED
def make(n_classes, image_shape):
    return Net(256, n_classes)
"""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "x.new_zeros(len(x), 10).index_put((torch.arange(len(x)),), super().forward(x))",
            r"\(RuntimeError: Index put requires .*, own_nets_\d+\.py line 7\); correct it",
        ),
        (
            "super().forward(x.view(2, -1))",
            r"\(RuntimeError: .*, own_nets_\d+\.py line 7\); correct",
        ),
        (
            "super().forward(x).sigmoid().mul_(2).sigmoid() + super().forward(x).exp().add_(1)",
            r"\(RuntimeError: one of the variables needed for gradient .*\); correct it",
        ),
    ],
)
def test_a_network_that_fails_only_in_training_is_one_sentence(tmp_path, train, output, sentence):
    architecture = architecture_of(tmp_path, ONLY_IN_TRAINING.replace("CHANGED", output))
    with pytest.raises(InputError, match=f"fails in training in bf16 {sentence}"):
        train(architecture, precision="bf16")
