import logging
import random
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from commands import printed_by
from own_training import NAMES, make_model, predict, train_for_one_epoch
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
)

from created_equal.artefacts import read_dataset, read_predictions
from created_equal.errors import InputError
from created_equal.recorder import Recorder

LABELS = {"train": [0, 1, 1, 0], "test": [1, 0, 0]}
RIGHT = {split: np.array(labels) for split, labels in LABELS.items()}


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, 3, LABELS, ["no", "yes"])


def record(recorder: Recorder, *epochs: int) -> None:
    for epoch in epochs:
        for split, labels in RIGHT.items():
            recorder.record(epoch, split, None, labels)


@pytest.mark.parametrize("last", [2, 3])
@pytest.mark.parametrize("again", [True, False])
def test_an_epoch_that_could_not_be_written_is_written_later(tmp_path, monkeypatch, last, again):
    """When the loop records it again, at the next epoch, or at the end."""
    with Recorder(tmp_path, 3, LABELS, ["no", "yes"]) as recorder:
        record(recorder, 0, 1)
        with monkeypatch.context() as patch:

            def fail(*_: object) -> None:
                raise InputError("the disk is full")

            patch.setattr("created_equal.recorder.recorder.write_predictions", fail)
            with pytest.raises(InputError, match="the disk is full"):
                record(recorder, 2)
        if again:
            record(recorder, 2)
        record(recorder, *range(3, last + 1))
    epochs = read_predictions(tmp_path / "0003.nc")["epoch"].values
    assert epochs.tolist() == list(range(last + 1))


def test_the_file_has_what_the_network_says(tmp_path, data):
    model, loader = make_model(), data.loader("train", shuffle=True)
    expected = {split: [] for split in data.labels}
    with Recorder(tmp_path, 0, data.labels, NAMES) as recorder:
        for epoch in range(4):
            if epoch:
                train_for_one_epoch(model, loader)
            recorder.evaluate(epoch, model, data.loaders())
            for split, inputs in data.inputs.items():
                expected[split].append(predict(model, inputs))
    found = read_predictions(tmp_path / "0000.nc")
    assert found["epoch"].values.tolist() == recorder.epochs == [0, 1, 2, 3]
    assert found["network"].values.tolist() == [0]
    for split, logits in expected.items():
        of_split = found.sel(network=0).isel(example=found["example_split"].values == split)
        labels = data.labels[split]
        assert of_split["label"].values.tolist() == labels.tolist()
        logits = np.array(logits)
        np.testing.assert_array_equal(of_split["prediction"], logits.argmax(-1))
        right = (logits.argmax(-1) == labels).mean(axis=1)
        np.testing.assert_allclose(of_split["accuracy"].sel(split=split), right, rtol=1e-6)
        losses = [
            torch.nn.functional.cross_entropy(torch.tensor(each), torch.tensor(labels))
            for each in logits
        ]
        np.testing.assert_allclose(of_split["loss"].sel(split=split), losses, rtol=1e-4)
    assert found["class_name"].values.tolist() == NAMES


def test_labels_alone_have_no_loss(recorder):
    with recorder:
        record(recorder, 0)
    found = read_predictions(recorder.path)
    assert found["loss"].isnull().all()
    assert (found["accuracy"] == 1).all()


def test_recording_does_not_change_the_training(tmp_path, data):
    def train(recorder: Recorder | None) -> tuple:
        random.seed(0)
        np.random.seed(0)
        model, generator = make_model(), torch.Generator().manual_seed(0)
        # One generator for both, which a pass over the second would move on.
        loader = data.loader("train", shuffle=True, generator=generator)
        loaders = data.loaders(generator=generator)
        model[1].eval()
        for epoch in range(3):
            if recorder:
                recorder.evaluate(epoch, model, loaders)
            assert [each.training for each in model] == [True, False, True, True, True]
            train_for_one_epoch(model, loader)
        state = [each.tolist() for each in model.state_dict().values()]
        return state, random.random(), np.random.random(), torch.rand(1).item()

    with Recorder(tmp_path, 0, data.labels, NAMES) as recorder:
        assert train(recorder) == train(None)
    assert recorder.epochs == [0, 1, 2]


def test_a_pass_that_fails_leaves_the_mode(recorder, data):
    model = make_model()

    def fail(*_: object) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        recorder.evaluate(0, model, {"train": [(1, 1)], "test": []}, fail)
    assert all(each.training for each in model.modules())
    assert torch.is_grad_enabled()


FORMS_OF_LABELS = {
    "column": lambda labels: labels[:, None],
    "floats": lambda labels: labels.float(),
    "one-hot": lambda labels: torch.nn.functional.one_hot(labels, 2),
    "bool": lambda labels: labels.bool(),
}


@pytest.mark.parametrize("form", FORMS_OF_LABELS)
def test_labels_in_any_form_show_another_order(recorder, form):
    def loaders(reverse: bool) -> dict:
        inputs = {split: torch.tensor(labels) for split, labels in LABELS.items()}
        return {
            split: [(torch.eye(2)[each], FORMS_OF_LABELS[form](each.flip(0) if reverse else each))]
            for split, each in inputs.items()
        }

    with pytest.raises(InputError, match=r"example \d of test has the label"):
        recorder.evaluate(0, torch.nn.Identity(), loaders(reverse=True))
    recorder.evaluate(0, torch.nn.Identity(), loaders(reverse=False))
    assert recorder.epochs == [0]


def test_modules_that_change_with_the_mode_are_back_in_theirs(recorder):
    class Merging(torch.nn.Module):
        """Like LoRA's layers, which merge their weights for evaluation."""

        merged = False

        def train(self, mode: bool = True) -> torch.nn.Module:
            self.merged = not mode
            return super().train(mode)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs

    model = torch.nn.Sequential(Merging(), torch.nn.BatchNorm1d(2))
    model[1].eval()  # frozen
    loaders = {split: [torch.eye(2)[labels]] for split, labels in LABELS.items()}
    recorder.evaluate(0, model, loaders)
    assert (model[0].merged, model[0].training, model[1].training) == (False, True, False)


def test_probabilities_in_bf16_are_no_logits(tmp_path):
    logits = 4 * torch.randn((200, 10), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(200) % 10
    losses = []
    for number, probabilities in enumerate((logits.softmax(1), logits.softmax(1).bfloat16())):
        recorder = Recorder(tmp_path, number, {"test": labels}, 10)
        recorder.record(0, "test", None, probabilities)
        losses.append(float(read_predictions(recorder.path)["loss"].sel(split="test").item()))
    assert losses[1] == pytest.approx(losses[0], rel=0.01)


@pytest.mark.parametrize("odd", [[0.99, 0.0], [1.0, -1e-9]])
def test_probabilities_are_no_logits_because_one_of_them_is_rounded(tmp_path, odd):
    exact = np.tile([0.995, 0.005], (100, 1))
    with Recorder(tmp_path, 0, {"test": np.zeros(100, int)}, 2, keep="margin") as recorder:
        recorder.record(1, "test", None, exact)
        exact[7] = odd
        recorder.record(2, "test", None, exact)
    found = read_predictions(recorder.path).sel(split="test").isel(network=0)
    assert found["loss"].values == pytest.approx(-np.log(0.995), rel=0.02)
    assert found["margin"].values[:, 8] == pytest.approx(np.log(199), rel=1e-3)


def test_labels_of_one_split_and_probabilities_of_the_other(tmp_path):
    labels = {"train": np.zeros(9, int), "test": np.zeros(2, int)}
    recorder = Recorder(tmp_path, 0, labels, 2)
    recorder.record(1, "train", None, labels["train"])
    recorder.record(1, "test", None, [[0.9, 0.1], [0.9, 0.1]])
    loss = read_predictions(recorder.path)["loss"].sel(split="test").item()
    assert loss == pytest.approx(-np.log(0.9))


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_logits_that_look_like_probabilities_in_their_batch_are_logits(tmp_path, first, size):
    """Wherever the others are: before, after, or in the same batch."""
    logits = torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    logits[first] = torch.tensor([3.0, -1.0])
    labels = torch.tensor([0, 0, 1, 1])
    recorder = Recorder(tmp_path, 0, {"test": labels}, 2, keep={"margin", "true_probability"})
    for start in range(0, 4, size):
        places = range(start, start + size)
        recorder.record(0, "test", places, logits[start : start + size])
    found = read_predictions(recorder.path).isel(network=0, epoch=0)
    expected = torch.nn.functional.cross_entropy(logits, labels).item()
    assert found["loss"].sel(split="test").item() == pytest.approx(expected)
    own = logits[torch.arange(4), labels] - logits[torch.arange(4), 1 - labels]
    assert found["margin"].values.tolist() == own.tolist()
    np.testing.assert_allclose(found["true_probability"], own.sigmoid(), atol=1e-3)


def test_a_relative_folder_stays_where_it_is_if_training_changes_the_working_directory(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    recorder = Recorder("recorded", 3, LABELS, 2)
    record(recorder, 0)
    (tmp_path / "run").mkdir()
    monkeypatch.chdir("run")
    record(recorder, 1)
    assert Recorder(tmp_path / "recorded", 3, LABELS, 2).epochs == [0, 1]
    assert not any((tmp_path / "run").iterdir())


def test_a_home_folder_and_a_number_of_numpy(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):  # The second resumes.
        recorder = Recorder("~/recorded", 3, LABELS, np.int64(2))
    record(recorder, 0)
    assert Recorder("~/recorded", 3, LABELS, 2).epochs == [0]
    assert (tmp_path / "recorded" / "0003.nc").is_file()


class Pair(NamedTuple):
    """Inputs as torch's collation keeps them."""

    left: torch.Tensor
    right: torch.Tensor


def test_inputs_may_be_a_named_tuple(recorder):
    def model(inputs: Pair) -> torch.Tensor:
        return torch.stack([inputs.left, inputs.right], dim=1)

    class Model(torch.nn.Module):
        forward = staticmethod(model)

    loaders = {
        split: [(Pair(1 - torch.tensor(labels), torch.tensor(labels)), torch.tensor(labels))]
        for split, labels in LABELS.items()
    }
    recorder.evaluate(0, Model(), loaders)
    assert (read_predictions(recorder.path)["accuracy"] == 1).all()


@pytest.mark.parametrize("output", [None, torch.tensor(0.5), 3.0])
def test_a_function_that_returns_a_single_value_for_a_batch(recorder, output):
    loaders = {split: [torch.eye(2)[labels]] for split, labels in LABELS.items()}
    sentence = r"^network 3, epoch 0, train: the outputs have the shape \(\) \(\w+\); give logits"
    with pytest.raises(InputError, match=sentence):
        recorder.evaluate(0, torch.nn.Identity(), loaders, lambda *_: output)
    with pytest.raises(InputError, match=sentence):
        recorder.record(0, "train", None, output)


def test_a_loader_that_shuffles_is_named(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    loaders = {"train": data.loader("train", shuffle=True), "test": data.loader("test")}
    with pytest.raises(InputError, match=r"^loaders\['train'\] shuffles, so .*; give one that"):
        recorder.evaluate(0, make_model(), loaders)
    assert not recorder.path.exists()


class Stream(torch.utils.data.IterableDataset):
    """Examples in an order that torch does not know."""

    def __init__(self, examples):
        self.examples = examples

    def __iter__(self):
        return iter(self.examples)


def test_a_stream_in_another_order_is_noticed_by_labels_of_any_kind(tmp_path):
    labels, names = [0, 1, 1, 0], ["cat", "dog"]
    for each in (labels, [names[label] for label in labels], np.eye(2)[labels]):
        recorder = Recorder(tmp_path, 0, {"test": labels}, names)
        stream = [(torch.eye(2)[label], of) for label, of in zip(labels, each, strict=True)]
        with pytest.raises(InputError, match=r"^example 0 of test has the label 1 in loaders"):
            loaders = {"test": DataLoader(Stream([*stream[1:], stream[0]]), batch_size=2)}
            recorder.evaluate(0, torch.nn.Identity(), loaders)


@pytest.mark.parametrize(
    ("loader", "sentence"),
    [
        (lambda batch: DataLoader(Stream([batch]), batch_size=None), "cannot be checked, because"),
        (lambda batch: DataLoader([batch], batch_size=None), ""),
        (lambda batch: [batch], ""),
    ],
)
def test_an_order_that_cannot_be_checked_is_warned_of_once(tmp_path, caplog, loader, sentence):
    recorder = Recorder(tmp_path, 0, {"test": [0, 1]}, 2)
    for epoch in (0, 1):
        recorder.evaluate(epoch, torch.nn.Identity(), {"test": loader((torch.eye(2), None))})
    assert recorder.epochs == [0, 1]
    assert [sentence in record.message for record in caplog.records] == [True] * bool(sentence)


def test_a_loader_that_shuffles_in_its_batch_sampler_is_named(tmp_path, data):
    """As those that accelerate prepares; their own sampler is a sequential one."""
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    dataset = data.loader("train").dataset
    for sampler, words in ((RandomSampler, "shuffles"), (SequentialSampler, None)):
        batches = BatchSampler(sampler(dataset), 32, drop_last=False)
        loaders = data.loaders() | {"train": DataLoader(dataset, batch_sampler=batches)}
        with (
            pytest.raises(InputError, match=r"^loaders\['train'\] shuffles")
            if words
            else (nullcontext())
        ):
            recorder.evaluate(0, make_model(), loaders)


@pytest.mark.parametrize("is_in_batches", [False, True])
def test_the_generator_of_a_sampler_is_as_before(tmp_path, data, is_in_batches):
    """The next epoch of training has the order that it has without the recorder."""
    generator = torch.Generator().manual_seed(7)
    labels = data.labels["train"]
    parts = data.inputs["train"], labels, np.arange(len(labels))
    dataset = TensorDataset(*map(torch.from_numpy, parts))
    sampler = RandomSampler(dataset, generator=generator)
    batches = {"batch_sampler": BatchSampler(sampler, 32, drop_last=False)}
    loader = DataLoader(dataset, **batches if is_in_batches else {"sampler": sampler})
    recorder = Recorder(tmp_path, 0, {"train": labels}, NAMES)
    before = generator.get_state()
    recorder.evaluate(0, make_model(), {"train": loader})
    assert (generator.get_state() == before).all()


def test_a_loader_alone_is_refused(recorder, data):
    sentence = "^loaders is of the type DataLoader; give a mapping from each split to its loaders"
    with pytest.raises(InputError, match=sentence):
        recorder.evaluate(0, make_model(), data.loader("train"))


def test_a_sharded_model_is_refused(recorder, data):
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        model = fully_shard(make_model(), mesh=init_device_mesh("cpu", (1,)))
        with pytest.raises(InputError, match=r"\(FSDP\), so .*; gather the logits"):
            recorder.evaluate(0, model, data.loaders())
    finally:
        distributed.destroy_process_group()


def test_any_iterable_in_another_order_is_found_by_its_labels(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    loaders = {split: list(loader) for split, loader in data.loaders().items()}
    loaders["test"].reverse()
    sentence = r"^example 0 of test has the label \d in loaders\['test'\], but \d in labels\['test"
    with pytest.raises(InputError, match=sentence):
        recorder.evaluate(0, make_model(), loaders)


@pytest.mark.parametrize("named", [False, True])
def test_ids_of_a_loader_allow_any_order(tmp_path, data, named):
    ids = {split: np.arange(len(labels)) for split, labels in data.labels.items()}
    if named:
        ids = {split: 1000 - 2 * each for split, each in ids.items()}
    loaders = {
        split: DataLoader(
            TensorDataset(*map(torch.from_numpy, (data.inputs[split], labels, ids[split]))),
            batch_size=32,
            shuffle=True,
        )
        for split, labels in data.labels.items()
    }
    recorder = Recorder(tmp_path / "a", 0, data.labels, NAMES, ids=ids if named else None)
    recorder.evaluate(0, make_model(), loaders)
    in_order = Recorder(tmp_path / "b", 0, data.labels, NAMES)
    in_order.evaluate(0, make_model(), data.loaders())
    one, other = (read_predictions(each.path)["prediction"] for each in (recorder, in_order))
    assert (one == other).all()
    if named:
        names = read_predictions(recorder.path)["example_name"].values.tolist()
        assert names[:2] == ["1000", "998"]


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint64])
def test_ids_of_another_type_are_the_same_numbers(tmp_path, dtype):
    labels = {"test": [0, 1, 1]}
    recorder = Recorder(tmp_path, 0, labels, ["a", "b"], ids={"test": np.array([7, 5, 6])})
    recorder.record(0, "test", np.array([5, 6, 7], dtype), np.array([0, 0, 1]))
    assert read_predictions(recorder.path)["prediction"].values.ravel().tolist() == [1, 0, 0]


def test_ids_larger_than_64_bits_with_a_sign_are_exact(tmp_path):
    """As hashes are; numpy would make floats of a list of these."""
    ids = [12_345_678_901_234_567_891, 1_234_567_890_123_456_789, 42]
    recorder = Recorder(tmp_path, 0, {"test": [0, 1, 1]}, 2, ids={"test": ids})
    recorder.record(0, "test", ids[::-1], [1, 1, 0])
    found = read_predictions(recorder.path)
    assert found["example_name"].values.tolist() == [*map(str, ids)]
    assert found["prediction"].values.ravel().tolist() == [0, 1, 1]


def test_a_missing_example_is_named(recorder):
    recorder.record(0, "train", None, RIGHT["train"])
    recorder.record(0, "test", [0, 2], [1, 0])
    sentence = "^example 1 of test has no prediction after epoch 0 of network 3; give all examples"
    with pytest.raises(InputError, match=sentence):
        recorder.record(1, "train", None, RIGHT["train"])
    assert not recorder.path.exists()


def test_a_missing_example_is_named_at_the_end_but_not_instead_of_an_error(recorder):
    sentence = r"example 0 of train has .* \(nor have 6 others\); give"
    with pytest.raises(InputError, match=sentence), recorder:
        recorder.record(0, "train", [], np.array([], dtype=int))
    with pytest.raises(KeyError), recorder:
        recorder.record(0, "train", [1], [1])
        raise KeyError


def test_a_loader_without_its_last_batch(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    with pytest.raises(InputError, match=r"^example 288 of train .* 15 others.* without drop_last"):
        recorder.evaluate(0, make_model(), data.loaders(drop_last=True))


def test_loaders_that_are_used_up_after_one_epoch(recorder):
    batches = {split: [(torch.eye(2)[each], each)] for split, each in LABELS.items()}
    loaders = {split: iter(each) for split, each in batches.items()}
    recorder.evaluate(0, torch.nn.Identity(), loaders)
    sentence = r"^example 0 of train has no prediction after epoch 1 .* be iterated again for every"
    with pytest.raises(InputError, match=sentence):
        recorder.evaluate(1, torch.nn.Identity(), loaders)
    recorder.evaluate(1, torch.nn.Identity(), batches)
    assert recorder.epochs == [0, 1]


def test_loaders_without_a_batch(recorder):
    with pytest.raises(InputError, match=r"^example 0 of train has no prediction after epoch 0"):
        recorder.evaluate(0, torch.nn.Identity(), {"train": [], "test": []})


def test_an_example_twice(recorder):
    """Distributed samplers repeat the first examples at the end, to fill the last batch."""
    recorder.record(0, "train", [0, 1, 2, 3, 0, 1], [0, 1, 1, 0, 0, 1])
    recorder.record(0, "test", [0, 1, 2], [1, 0, 0])
    assert recorder.epochs == [0]
    recorder.record(1, "train", [0, 1], [0, 1])
    sentence = "^example 1 of train has two predictions after epoch 1 of network 3, 1 and 0; give"
    with pytest.raises(InputError, match=sentence):
        recorder.record(1, "train", [2, 1], [0, 0])
    with pytest.raises(InputError, match=r"^example 3 of train has two predictions"):
        Recorder(recorder.path.parent, 4, LABELS, 2).record(0, "train", [3, 3], [0, 1])


def test_examples_that_come_again_after_the_last_one(recorder):
    record(recorder, 0)
    recorder.record(0, "train", [0, 1], RIGHT["train"][:2])
    assert recorder.epochs == [0]
    sentence = "^example 1 of train has two predictions after epoch 0 of network 3, 1 and 0; give"
    with pytest.raises(InputError, match=sentence):
        recorder.record(0, "train", [0, 1], [RIGHT["train"][0], 1 - RIGHT["train"][1]])
    with recorder:
        record(recorder, 1)
    assert read_predictions(recorder.path)["epoch"].values.tolist() == [0, 1]


def test_a_function_is_no_model(recorder, data):
    with pytest.raises(InputError, match=r"^the model is of the type function; give a"):
        recorder.evaluate(0, lambda images: images, data.loaders())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, "valid", None, [0]), "there is no split 'valid'; name train and test."),
        ((0, "test", [0, 7], [0, 0]), r"test has no example 7: those of labels\['test'\] are 0 to"),
        ((0, "test", [-1], [0]), "test has no example -1: those of"),
        ((0, "test", None, [0]), "network 3, epoch 0, test: there are outputs for 1 examples, but"),
        ((0, "test", [0], [2]), "network 3, epoch 0, test: the labels range from 2 to 2, but"),
        ((0.5, "test", [0], [0]), "epoch is 0.5; give a whole number, 0 if untrained."),
        ((2**63, "test", [0], [0]), f"epoch is {2**63}; give a whole number, 0 if untrained."),
    ],
)
def test_what_cannot_be_recorded(recorder, arguments, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        recorder.record(*arguments)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": -1}, "network is -1; give its number, from 0"),
        ({"network": 1.5}, "network is 1.5; give its number"),
        ({"network": 2**63}, "network is 9223372036854775808; give its number"),
        ({"classes": "cat"}, "classes is 'cat'; give the names of the classes in order"),
        ({"classes": {0: "no", 1: "yes"}}, "classes is {0: 'no', 1: 'yes'}; give the names"),
        ({"classes": ["no", "no"]}, "classes has a name twice; give each class a name of its own."),
        ({"classes": {"no"}}, "classes is {'no'}; give the names of the classes in order, or"),
        ({"classes": frozenset()}, r"classes is frozenset\(\); give the names of the classes in"),
        ({"classes": 1}, r"there are too few classes \(1\); give at least two."),
        ({"classes": ["no", "y\0"]}, r"classes has 'y\\x00', with a character .*; rename it."),
        ({"classes": ["no", "\ud800"]}, r"classes has '\\ud800', with a character .*; rename it."),
        ({"ids": {"test": ["\0a", "b", "c"]}}, r"ids\['test'\] has '\\x00a', with a character"),
        ({"classes": 2**15 + 1}, "there are 32,769 classes, but labels have 16 bits; give at most"),
        ({"labels": [0, 1]}, "labels is of the type list; give a mapping from each split to its"),
        ({"labels": torch.tensor([0])}, "labels is of the type Tensor; give a mapping from each"),
        ({"labels": None}, "labels is of the type NoneType; give a mapping from each"),
        ({"ids": np.arange(3)}, "ids is of the type ndarray; give a mapping from each split"),
        (
            {"images": np.zeros((3, 2, 2), np.uint8)},
            "images is of the type ndarray; give a mapping",
        ),
        ({"keep": "logits"}, "keep has 'logits'; it may have margin and true_probability."),
        ({"labels": {}}, "labels are of nothing; give those of train and test"),
        ({"labels": {"valid": [0]}}, "labels are of valid; give those of train"),
        ({"labels": {"train": [0, 2]}}, r"labels\['train'\] are not labels \(example,\) from 0 to"),
        ({"labels": {"train": [0.5]}}, r"labels\['train'\] are not labels"),
        ({"keep": {"logits"}}, "keep has 'logits'; it may have margin and true_probability."),
        ({"ids": {"test": [1, 2, 1]}}, r"ids\['test'\] has 1 twice; give each example its own."),
        ({"ids": {"test": [1, 2]}}, "ids has 2 examples of test, but labels has 3; give as many."),
        ({"ids": {"test": [1, 2, 3], "val": []}}, "ids has the split 'val', but labels are of"),
        (
            {"images": {"test": np.zeros((3, 2, 2), np.uint8), "trian": []}},
            "images has the split 'trian', but labels are of train and test; name the splits as in",
        ),
        ({"ids": {"test": [(0, 1), (0, 2), (1, 2)]}}, r"ids\['test'\] are not all numbers or text"),
        ({"ids": {"test": ["a", "b", None]}}, r"ids\['test'\] are not all numbers or text; give"),
        ({"definition": {"model": object()}}, "definition cannot be saved as JSON"),
        ({"images": {"train": np.zeros((4, 2, 2))}}, r"images\['train'\] have the shape .*float64"),
        (
            {"images": {split: np.zeros((3, 2, 2), np.uint8) for split in LABELS}},
            r"there are 3 images\['train'\], but 4 labels; give as many.",
        ),
    ],
)
def test_arguments_that_do_not_fit(tmp_path, changes, sentence):
    arguments = {"network": 0, "labels": LABELS, "classes": 2} | changes
    with pytest.raises(InputError, match=f"^{sentence}"):
        Recorder(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_run_resumes(tmp_path, recorder, caplog):
    record(recorder, 0, 2, 4)
    again = Recorder(tmp_path, 3, LABELS, ["no", "yes"])
    assert again.epochs == [0, 2, 4]
    record(again, 6)
    assert read_predictions(again.path)["epoch"].values.tolist() == [0, 2, 4, 6]
    with caplog.at_level(logging.WARNING):
        resumed = Recorder(tmp_path, 3, LABELS, ["no", "yes"])
        for split, labels in RIGHT.items():
            resumed.record(3, split, None, 1 - labels)
    assert "resumes after epoch 2: its epochs 4 to 6 in" in caplog.text
    found = read_predictions(again.path)
    assert found["epoch"].values.tolist() == resumed.epochs == [0, 2, 3]
    assert found["accuracy"].sel(network=3, split="test").values.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("recorded", "next_epoch", "missing"),
    [
        ([0, 1, 2], 4, "3"),
        ([0, 1, 2], 6, "3, 4, 5"),
        ([0, 2, 4], 8, "6"),
        ([0], 2, "1"),
        ([0, 2, 4], 6, None),
        ([0, 1, 5], 8, None),
        ([], 4, None),
    ],
)
def test_a_run_that_resumes_and_skips_epochs_says_so(
    tmp_path, recorder, caplog, recorded, next_epoch, missing
):
    record(recorder, *recorded)
    again = Recorder(tmp_path, 3, LABELS, ["no", "yes"])
    record(again, next_epoch, next_epoch + 9)
    if missing is None:
        assert not caplog.messages
        return
    count = len(missing.split(", "))
    assert caplog.messages == [
        f"network 3 resumes with epoch {next_epoch}, but the last in {again.path} is "
        f"{recorded[-1]}, so {count} are missing; resume from an earlier checkpoint to record them"
    ]


def test_epochs_rise_and_a_network_is_not_recorded_over(tmp_path, recorder):
    record(recorder, 0, 2)
    sentence = "^epoch 1 of network 3 comes after epoch 2, which .*0003.nc has; record epochs in"
    with pytest.raises(InputError, match=sentence):
        record(recorder, 1)
    again = Recorder(tmp_path, 3, LABELS, ["no", "yes"])
    with pytest.raises(InputError, match=r"^epoch 0 of network 3 comes after epoch 2, .* delete"):
        record(again, 0)
    assert read_predictions(recorder.path)["epoch"].values.tolist() == [0, 2]


def test_two_trainings_with_one_number_do_not_overwrite_each_other(tmp_path):
    one, other = (Recorder(tmp_path, 3, LABELS, 2) for _ in range(2))
    record(one, 0)
    sentence = "^.*0003.nc has changed since .* another process records network 3 too; give each"
    with pytest.raises(InputError, match=sentence):
        record(other, 0)
    record(one, 1)
    resumed = Recorder(tmp_path, 3, LABELS, 2)
    record(resumed, 2)
    with pytest.raises(InputError, match=sentence):
        record(one, 2)
    record(resumed, 3)
    assert read_predictions(one.path)["epoch"].values.tolist() == [0, 1, 2, 3]


def test_a_file_that_is_deleted_meanwhile_is_written_again(recorder):
    record(recorder, 0)
    recorder.path.unlink()
    record(recorder, 1)
    assert read_predictions(recorder.path)["epoch"].values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"labels": LABELS | {"test": [1, 1, 0]}}, "labels"),
        ({"labels": {"train": [0, 1, 1, 0, 1], "test": [0, 0]}}, "labels"),
        ({"classes": ["yes", "no"]}, "classes"),
        ({"definition": {"width": 2}}, "definition"),
        ({"ids": {"test": [3, 4, 5]}}, "ids"),
        ({"keep": {"margin"}}, "keep"),
        (
            {"labels": {"train": [0, 1, 1, 1], "test": [1, 0, 0]}, "classes": 2},
            "classes and labels",
        ),
    ],
)
def test_a_run_that_resumes_with_other_arguments(tmp_path, recorder, changes, what):
    record(recorder, 0)
    arguments = {"network": 3, "labels": LABELS, "classes": ["no", "yes"]} | changes
    sentence = f"^.*0003.nc was recorded with other {what}; give the same, or record into another"
    with pytest.raises(InputError, match=sentence):
        Recorder(tmp_path, **arguments)


def test_margin_and_probability_are_kept(tmp_path, data):
    keep = {"margin", "true_probability"}
    model = make_model()
    for epochs in ([0], [1]):  # The second resumes the file of the first.
        recorder = Recorder(tmp_path, 0, data.labels, NAMES, keep=keep)
        for epoch in epochs:
            recorder.evaluate(epoch, model, data.loaders())
    found = read_predictions(recorder.path).sel(network=0)
    labels = torch.from_numpy(np.concatenate(list(data.labels.values())))[:, None]
    logits = torch.from_numpy(
        np.concatenate([predict(model, inputs) for inputs in data.inputs.values()])
    )
    own = logits.gather(1, labels)
    others = logits.scatter(1, labels, -torch.inf).max(dim=1, keepdim=True).values
    probability = logits.softmax(dim=1).gather(1, labels)
    for epoch in (0, 1):
        kept = found.sel(epoch=epoch)
        np.testing.assert_allclose(kept["margin"], (own - others)[:, 0], atol=2e-3)
        np.testing.assert_allclose(kept["true_probability"], probability[:, 0], atol=1e-3)
    assert {found[name].dtype for name in keep} == {np.dtype(np.float16)}
    with pytest.raises(InputError, match="keep requests margin, which labels alone do"):
        recorder.record(2, "test", None, data.labels["test"])


def test_images_are_kept_once_and_are_the_same(tmp_path, data):
    for network in range(2):
        Recorder(tmp_path, network, data.labels, NAMES, images=data.images)
    found = read_dataset(tmp_path / "dataset.nc")
    np.testing.assert_array_equal(
        found["image"].values[..., 0], np.concatenate(list(data.images.values()))
    )
    assert found["class_name"].values.tolist() == NAMES
    others = {split: 255 - images for split, images in data.images.items()}
    with pytest.raises(InputError, match=r"dataset.nc has other images or labels; give the"):
        Recorder(tmp_path, 2, data.labels, NAMES, images=others)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_images_of_the_split_that_is_recorded_are_enough(tmp_path, data):
    labels, images = ({"test": each["test"]} for each in (data.labels, data.images))
    # No example is of the last class.
    for network in range(2):
        Recorder(tmp_path, network, labels, [*NAMES, "other"], images=images)
    found = read_dataset(tmp_path / "dataset.nc")
    np.testing.assert_array_equal(found["image"].values[..., 0], images["test"])
    assert found["channel_mean"].isnull().all()
    assert set(found["example_split"].values) == {"test"}


def test_one_split_is_enough(tmp_path):
    with Recorder(tmp_path, 0, {"test": [0, 1]}, 2) as recorder:
        recorder.record(0, "test", None, [0, 0])
    found = read_predictions(recorder.path)
    np.testing.assert_array_equal(found["accuracy"].values[0, 0], [np.nan, 0.5])


ENDLESS = """
import os, random, signal, sys, time
from pathlib import Path
from created_equal.artefacts import read_predictions
from created_equal.recorder import Recorder

folder, labels = Path(sys.argv[1]), {"train": [0, 1] * 500, "test": [1, 0] * 500}

def record_endlessly():
    with Recorder(folder, 0, labels, 2) as recorder:
        epoch = (recorder.epochs or [-1])[-1]
        while True:
            epoch += 1
            for split in labels:
                recorder.record(epoch, split, None, labels[split])

lengths = set()
# At least fifteen times; on a busy machine until it has got on.
for attempt in range(300):
    if attempt >= 15 and len(lengths) > 1:
        break
    if not (child := os.fork()):
        record_endlessly()
    time.sleep(random.Random(attempt).uniform(0, 0.15 + attempt / 100))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if (folder / "0000.nc").exists():
        found = read_predictions(folder / "0000.nc")
        epochs = found["epoch"].values.tolist()
        assert epochs == list(range(len(epochs))), epochs
        assert (found["accuracy"] == 1).all()
        lengths.add(len(epochs))
        print(len(epochs))
"""


def test_a_run_that_is_killed_leaves_its_last_whole_file(tmp_path):
    """A run that is killed at any moment, many times, resumes from its last complete file."""
    lengths = [*map(int, printed_by(ENDLESS, tmp_path).split())]
    # Epochs are added, none is lost.
    assert lengths == sorted(lengths)
    assert lengths[-1] > lengths[0]


def test_the_recorder_needs_neither_torch_nor_what_trains(tmp_path):
    code = (
        "import sys\nfrom created_equal.recorder import Recorder\n"
        "with Recorder(sys.argv[1], 0, {'test': [0, 1]}, 2) as recorder:\n"
        "    recorder.record(0, 'test', None, [[0.1, 0.9], [0.2, 0.8]])\n"
        "print(*sorted({'torch', 'lightning', 'transformers', 'keras', 'matplotlib', 'pydantic'}"
        " & sys.modules.keys()))"
    )
    assert printed_by(code, tmp_path).strip() == ""
