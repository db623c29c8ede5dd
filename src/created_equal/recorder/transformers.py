"""A callback for the Trainer of Hugging Face's transformers that records predictions."""

import inspect
import math
from collections.abc import Callable, Mapping

from torch.utils.data import DataLoader, Dataset
from transformers import (
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    SequenceFeatureExtractor,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    default_data_collator,
)
from transformers.trainer_utils import has_length

from created_equal.errors import InputError
from created_equal.recorder.recorder import Recorder

# The Trainer's epoch is a sum of fractions, which may differ this much from a whole number.
ROUNDING = 1e-6


class Predictions(TrainerCallback):
    """Records all predictions before the training, and after each of its epochs."""

    def __init__(
        self, recorder: Recorder, datasets: Mapping[str, Dataset], collator: Callable | None = None
    ):
        """Set the recorder and the data.

        Args:
            recorder: its labels are those of the datasets, in the same order.
            datasets: by split; columns that the model does not take are left out, unless the
                Trainer's argument remove_unused_columns is False.
            collator: makes batches of examples; by default the Trainer's default collator.
        """
        self._recorder, self._datasets, self._collator = recorder, datasets, collator

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **has: object
    ) -> None:
        if state.global_step == 0:
            self._evaluate(0, args, **has)
        elif not has_length(has["train_dataloader"]):
            raise InputError(
                "the train set has no length, so a Trainer that resumes does not know its epoch; "
                "train from the start, or give a train set with a length."
            )

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **has: object
    ) -> None:
        epoch = _whole_epoch(state, control, has_length(has["train_dataloader"]))
        if epoch is not None:
            self._evaluate(epoch, args, **has)

    def _evaluate(self, epoch: int, args: TrainingArguments, **has: object) -> None:
        model, collator = has["model"], self._collator
        pads = PreTrainedTokenizerBase | SequenceFeatureExtractor
        if collator is None and isinstance(has.get("processing_class"), pads):
            collator = DataCollatorWithPadding(has["processing_class"])
        loaders = {
            split: DataLoader(
                _with_columns_of(model, dataset) if args.remove_unused_columns else dataset,
                batch_size=args.per_device_eval_batch_size,
                collate_fn=collator or default_data_collator,
            )
            for split, dataset in self._datasets.items()
        }
        self._recorder.evaluate(epoch, model, loaders)


def _whole_epoch(state: TrainerState, control: TrainerControl, is_known: bool) -> int | None:
    """Return the number of the epoch that ends; None if it was cut short, as by max_steps.

    Unless the length of the train set is known, the Trainer's epoch is the number of earlier epochs
    plus the part of max_steps in this one. One in which training ends is then taken as whole if it
    has as many steps as earlier epochs on average.
    """
    if is_known:
        epoch = round(state.epoch)
        return epoch if abs(state.epoch - epoch) < ROUNDING else None
    epoch = math.ceil(state.epoch)
    steps = round((state.epoch - (epoch - 1)) * state.max_steps)
    may_be_short = control.should_training_stop or control.should_epoch_stop
    if may_be_short and steps * (epoch - 1) < state.global_step - steps:
        return None
    return epoch


def _with_columns_of(model: object, dataset: Dataset) -> Dataset:
    """Return a dataset without the columns (such as text) that a model does not take."""
    columns = getattr(dataset, "column_names", None)
    if columns is None:
        return dataset
    # Models of PEFT hand over whatever they are given, to the model that they adapt.
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    known = {*inspect.signature(model.forward).parameters, "label", "labels", "label_ids"}
    return dataset.remove_columns([each for each in columns if each not in known])
