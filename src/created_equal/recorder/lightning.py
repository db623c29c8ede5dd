"""A callback for Lightning that records predictions."""

from collections.abc import Callable, Iterable, Mapping

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ImportError:  # The older name of the package.
    from pytorch_lightning import Callback, LightningModule, Trainer

from created_equal.recorder.recorder import Recorder


class Predictions(Callback):
    """Records all predictions before the training, and after each of its epochs."""

    def __init__(
        self, recorder: Recorder, loaders: Mapping[str, Iterable], predict: Callable | None = None
    ):
        """Set the recorder and the arguments of its method ``evaluate``."""
        self._recorder, self._loaders, self._predict = recorder, loaders, predict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step == 0:
            self._evaluate(0, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # The last epoch may be cut short, by max_steps.
        if trainer.is_last_batch:
            self._evaluate(trainer.current_epoch + 1, pl_module)

    def _evaluate(self, epoch: int, model: LightningModule) -> None:
        self._recorder.evaluate(epoch, model, self._loaders, self._predict)
