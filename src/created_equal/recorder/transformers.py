"""A callback for the Trainer of Hugging Face's transformers that records predictions."""

import inspect
from collections.abc import Callable, Mapping

from torch.utils.data import DataLoader, Dataset
from transformers import (
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    default_data_collator,
)

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
            datasets: by split; columns that the model does not take are left out.
            collator: makes batches of examples; by default the Trainer's default collator.
        """
        self._recorder, self._datasets, self._collator = recorder, datasets, collator

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **has: object
    ) -> None:
        if state.global_step == 0:
            self._evaluate(0, args, **has)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **has: object
    ) -> None:
        epoch = round(state.epoch)
        # The last epoch may be cut short, by max_steps.
        if abs(state.epoch - epoch) < ROUNDING:
            self._evaluate(epoch, args, **has)

    def _evaluate(
        self,
        epoch: int,
        args: TrainingArguments,
        model: object = None,
        processing_class: object = None,
        **_: object,
    ) -> None:
        collator = self._collator
        if collator is None and isinstance(processing_class, PreTrainedTokenizerBase):
            collator = DataCollatorWithPadding(processing_class)
        loaders = {
            split: DataLoader(
                _with_columns_of(model, dataset),
                batch_size=args.per_device_eval_batch_size,
                collate_fn=collator or default_data_collator,
            )
            for split, dataset in self._datasets.items()
        }
        self._recorder.evaluate(epoch, model, loaders)


def _with_columns_of(model: object, dataset: Dataset) -> Dataset:
    """Return a dataset without the columns (such as text) that a model does not take."""
    columns = getattr(dataset, "column_names", None)
    if columns is None:
        return dataset
    known = {*inspect.signature(model.forward).parameters, "label", "labels", "label_ids"}
    return dataset.remove_columns([each for each in columns if each not in known])
