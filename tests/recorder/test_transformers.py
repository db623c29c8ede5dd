from collections.abc import Iterator
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from own_training import NAMES, Data, make_model, predict
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from torch.utils.data import IterableDataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    Wav2Vec2FeatureExtractor,
)

from created_equal.artefacts import read_predictions
from created_equal.errors import InputError
from created_equal.recorder import Recorder
from created_equal.recorder.transformers import Predictions


class Classifier(nn.Module):
    """A module of one's own, as the Trainer takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = make_model()

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor | None = None) -> dict:
        logits = self.model(inputs)
        found = {"logits": logits}
        return (
            found
            if labels is None
            else {"loss": nn.functional.cross_entropy(logits, labels)} | found
        )


class Expected(TrainerCallback):
    """What the module says after each epoch, found by another way."""

    def __init__(self, data: Data):
        self.data, self.found = data, []

    def on_epoch_end(self, *_: object, model: Classifier, **__: object) -> None:
        self.found.append(predict(model.model, self.data.inputs["test"]).argmax(axis=1))


def arguments(folder: Path, **changes: object) -> TrainingArguments:
    return TrainingArguments(
        **{
            "output_dir": str(folder / "trainer"),
            "num_train_epochs": 3,
            "learning_rate": 0.05,
            "use_cpu": True,
            "report_to": "none",
            "save_strategy": "no",
            "disable_tqdm": True,
            "logging_strategy": "no",
        }
        | changes
    )


def columns(data: Data) -> dict[str, datasets.Dataset]:
    return {
        split: datasets.Dataset.from_dict(
            {"inputs": data.inputs[split], "labels": labels, "id": range(len(labels))}
        )
        for split, labels in data.labels.items()
    }


def train(folder: Path, data: Data, *callbacks: TrainerCallback, **changes: object) -> Classifier:
    model, sets = Classifier(), columns(data)
    trainer = Trainer(
        model,
        arguments(folder, **changes),
        train_dataset=sets["train"],
        eval_dataset=sets["test"],
        callbacks=list(callbacks),
    )
    trainer.train()
    return model


def test_a_trainer_is_recorded(tmp_path, data):
    expected = Expected(data)
    with Recorder(tmp_path, 1, data.labels, NAMES) as recorder:
        train(tmp_path, data, Predictions(recorder, columns(data)), expected)
    found = read_predictions(tmp_path / "0001.nc").sel(network=1)
    assert found["epoch"].values.tolist() == [0, 1, 2, 3]
    on_test = found["prediction"].isel(example=found["example_split"].values == "test").values
    np.testing.assert_array_equal(on_test[1:], expected.found)
    np.testing.assert_array_equal(
        on_test[0], predict(make_model(), data.inputs["test"]).argmax(axis=1)
    )


def test_the_training_is_the_same_without_it(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    with_it = train(tmp_path, data, Predictions(recorder, columns(data))).state_dict()
    without = train(tmp_path, data).state_dict()
    assert all(torch.equal(with_it[name], without[name]) for name in without)


def test_an_epoch_that_is_cut_short_is_not_recorded(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    steps = -(-300 // 8)
    train(tmp_path, data, Predictions(recorder, columns(data)), max_steps=steps + 5)
    assert recorder.epochs == [0, 1]


class Stream(IterableDataset):
    """Two batches of the Trainer, without a length."""

    def __init__(self, data: Data):
        self.rows = [*zip(data.inputs["train"][:16], data.labels["train"][:16], strict=True)]

    def __iter__(self) -> Iterator[dict]:
        return ({"inputs": inputs, "labels": label} for inputs, label in self.rows)


def stream(folder: Path, data: Data, recorder: Recorder, **changes: object) -> Trainer:
    return Trainer(
        Classifier(),
        arguments(folder, **changes),
        train_dataset=Stream(data),
        callbacks=[Predictions(recorder, columns(data))],
    )


@pytest.mark.parametrize(
    ("steps", "batches", "epochs"), [(6, 1, 3), (5, 1, 2), (3, 2, 3), (2, 1, 1)]
)
def test_a_train_set_without_length_is_recorded(tmp_path, data, steps, batches, epochs):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    changes = {"max_steps": steps, "gradient_accumulation_steps": batches}
    stream(tmp_path, data, recorder, **changes).train()
    assert recorder.epochs == list(range(epochs + 1))


def test_a_training_that_resumes_without_length_does_not_know_its_epoch(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    changes = {"save_strategy": "steps", "save_steps": 4}
    stream(tmp_path, data, recorder, max_steps=4, **changes).train()
    with pytest.raises(InputError, match=r"^the train set has no length, so a Trainer that resum"):
        stream(tmp_path, data, recorder, max_steps=8).train(resume_from_checkpoint=True)
    assert recorder.epochs == [0, 1, 2]


def test_columns_that_a_transform_needs_are_kept_as_the_trainer_keeps_them(tmp_path, data):
    sets = {
        split: of.rename_column("inputs", "pixels").with_transform(
            lambda rows: {"inputs": rows["pixels"], "labels": rows["labels"]}
        )
        for split, of in columns(data).items()
    }
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    Trainer(
        Classifier(),
        arguments(tmp_path, num_train_epochs=1, remove_unused_columns=False),
        train_dataset=sets["train"],
        callbacks=[Predictions(recorder, sets)],
    ).train()
    assert recorder.epochs == [0, 1]


class Adapted(nn.Module):
    """A model inside another, which takes any arguments, as PEFT wraps one."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Classifier()

    def get_base_model(self) -> nn.Module:
        return self.base

    def forward(self, *arguments: torch.Tensor, **named: torch.Tensor) -> dict:
        return self.base(*arguments, **named)


def test_an_adapted_model_is_given_the_columns_of_its_base(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    callback, control = Predictions(recorder, columns(data)), TrainerControl()
    callback.on_train_begin(arguments(tmp_path), TrainerState(), control, model=Adapted())
    assert recorder.epochs == [0]


class Loudness(nn.Module):
    """A classifier of sounds, whose silence at the end is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, input_values: torch.Tensor, labels: torch.Tensor | None = None) -> dict:
        sums = self.scale * input_values.sum(dim=1)
        logits = torch.stack([-sums, sums], dim=1)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits}


def test_sounds_of_unequal_length_are_padded_as_the_trainer_pads_them(tmp_path):
    labels = [0, 1, 1]
    rows = datasets.Dataset.from_dict(
        {"input_values": [[-1.0], [0.5, 0.5], [1.0, 1.0, 1.0]], "label": labels}
    )
    with Recorder(tmp_path, 0, {"test": labels}, ["low", "high"]) as recorder:
        Trainer(
            Loudness(),
            arguments(tmp_path, num_train_epochs=1),
            train_dataset=rows,
            processing_class=Wav2Vec2FeatureExtractor(),
            callbacks=[Predictions(recorder, {"test": rows})],
        ).train()
    found = read_predictions(recorder.path)
    assert found["prediction"].sel(network=0).values.tolist() == [labels, labels]


TEXTS = [("a good film", 1), ("bad", 0), ("good good", 1), ("a bad bad film", 0), ("so good", 1)]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    words = {
        word: number for number, word in enumerate(["[PAD]", "a", "good", "film", "bad", "so"])
    }
    of_words = Tokenizer(models.WordLevel(words, unk_token="[PAD]"))
    of_words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=of_words, pad_token="[PAD]")


def test_texts_of_unequal_length_are_recorded_as_the_trainer_reads_them(tmp_path, tokenizer):
    texts, labels = map(list, zip(*TEXTS, strict=True))
    rows = datasets.Dataset.from_dict({"text": texts, "label": labels})
    rows = rows.map(lambda batch: tokenizer(batch["text"]), batched=True)
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=6,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            num_labels=2,
        )
    )
    sets = {"train": rows, "test": rows}
    with Recorder(tmp_path, 0, dict.fromkeys(sets, labels), ["bad", "good"]) as recorder:
        trainer = Trainer(
            model,
            arguments(tmp_path),
            train_dataset=rows,
            processing_class=tokenizer,
            callbacks=[Predictions(recorder, sets)],
        )
        trainer.train()
    found = read_predictions(recorder.path).sel(network=0)["prediction"].values
    said = trainer.predict(rows).predictions.argmax(axis=1)
    assert found.shape == (4, 2 * len(TEXTS))
    assert found[-1].tolist() == [*said, *said]
