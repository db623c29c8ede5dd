"""A callback for Keras that records predictions."""

from collections.abc import Mapping
from contextlib import nullcontext

import numpy as np
from keras.callbacks import Callback

from created_equal.recorder.own_pass import undisturbed
from created_equal.recorder.recorder import Recorder


class Predictions(Callback):
    """Records all predictions before the training, and after each of its epochs."""

    def __init__(self, recorder: Recorder, inputs: Mapping[str, np.ndarray], batch_size: int = 128):
        """Set the recorder and the data.

        Args:
            recorder: its labels are those of the inputs, in the same order.
            inputs: the input of ``Model.predict`` by split: an array (example, ...), or several.
                The model returns logits or probabilities.
            batch_size: the number of examples in a batch.
        """
        super().__init__()
        self._recorder, self._inputs, self._batch_size = recorder, inputs, batch_size
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if epoch == 0:
            self._record(0)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._batches = batch + 1

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # A callback that stops the training at a batch cuts the epoch short.
        steps = self.params.get("steps") or 0
        if not self.model.stop_training or self._batches >= steps:
            self._record(epoch + 1)

    def _record(self, epoch: int) -> None:
        is_torch = hasattr(self.model, "modules")
        with undisturbed(self.model) if is_torch else nullcontext():
            for split, inputs in self._inputs.items():
                outputs = self.model.predict(inputs, batch_size=self._batch_size, verbose=0)
                self._recorder.record(epoch, split, None, outputs)
