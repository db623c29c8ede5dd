import keras
import numpy as np
import pytest
from own_training import NAMES, Data

from created_equal.artefacts import read_predictions
from created_equal.recorder import Recorder
from created_equal.recorder.keras import Predictions


def make_network(activation: str | None) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((64,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation=activation),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=activation is None)
    model.compile(keras.optimizers.SGD(0.2), loss)
    return model


class Expected(keras.callbacks.Callback):
    """What the model says after each epoch, found by another way."""

    def __init__(self, data: Data):
        super().__init__()
        self.data, self.found = data, []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        outputs = self.model(self.data.inputs["test"], training=False)
        self.found.append(keras.ops.convert_to_numpy(outputs).argmax(axis=1))


def train(data: Data, *callbacks: keras.callbacks.Callback, activation: str | None = "softmax"):
    model = make_network(activation)
    inputs, labels = data.inputs["train"], data.labels["train"]
    model.fit(inputs, labels, epochs=3, verbose=0, callbacks=list(callbacks))
    return model


def test_the_backend_is_torch():
    assert keras.backend.backend() == "torch"


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_model_is_recorded(tmp_path, data, activation):
    expected = Expected(data)
    with Recorder(tmp_path, 2, data.labels, NAMES, keep={"true_probability"}) as recorder:
        callbacks = (Predictions(recorder, data.inputs), expected)
        model = train(data, *callbacks, activation=activation)
    found = read_predictions(tmp_path / "0002.nc").sel(network=2)
    assert found["epoch"].values.tolist() == [0, 1, 2, 3]
    on_test = found.isel(example=found["example_split"].values == "test")
    np.testing.assert_array_equal(on_test["prediction"].values[1:], expected.found)
    outputs = keras.ops.convert_to_tensor(model.predict(data.inputs["test"], verbose=0))
    if activation is None:
        outputs = keras.ops.softmax(outputs)
    own = keras.ops.convert_to_numpy(outputs)[np.arange(100), data.labels["test"]]
    np.testing.assert_allclose(on_test["true_probability"].values[-1], own, atol=1e-3)


class StopAtBatch(keras.callbacks.Callback):
    """Stops the training after the first batch of the second epoch, or after its last."""

    def __init__(self, last: bool):
        super().__init__()
        self.last, self.epoch = last, 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        ends = batch == self.params["steps"] - 1 if self.last else True
        self.model.stop_training = self.model.stop_training or (self.epoch == 1 and ends)


@pytest.mark.parametrize(("last", "epochs"), [(False, [0, 1]), (True, [0, 1, 2])])
def test_an_epoch_that_is_cut_short_is_not_recorded(tmp_path, data, last, epochs):
    with Recorder(tmp_path, 0, data.labels, NAMES) as recorder:
        train(data, Predictions(recorder, data.inputs), StopAtBatch(last))
    assert read_predictions(tmp_path / "0000.nc")["epoch"].values.tolist() == epochs


def test_the_training_is_the_same_without_it(tmp_path, data):
    recorder = Recorder(tmp_path, 0, data.labels, NAMES)
    with_it = train(data, Predictions(recorder, data.inputs)).get_weights()
    for one, other in zip(with_it, train(data).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
