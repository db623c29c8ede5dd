"""Networks that take each step together, each layer a kernel of our own for all of them.

They are the workflow's networks: first weights, order of examples and dropout are those of
``created_equal.training``, and so are the predictions, up to rounding.
"""

import math
from collections.abc import Sequence

import torch
from fused_layers import filters_of, layers_of, outputs_of
from torch import nn

from created_equal.errors import InputError
from created_equal.study import Ensemble
from created_equal.training.engine.counted import draw_words, ranks
from created_equal.training.engine.graphs import make_lane
from created_equal.training.engine.images import Images
from created_equal.training.engine.initialise import initialise
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream, Streams
from created_equal.training.engine.trainee import network_of

# What each network predicts at once; all of them together fill a GPU.
PREDICTED_AT_ONCE = 250


class Fused:
    """Networks that take each step together.

    Args:
        ensemble: their definition.
        numbers: theirs.
        images: the dataset.

    Attributes:
        weights: float32; of each layer the networks' filters (network, k k input, output), then of
            each layer their biases (network x output,).
        cast_filters: the filters in the type of the images.

    Raises:
        InputError: the ensemble's networks have layers that the kernels do not know, or their
            mini-batches are not permuted.
    """

    def __init__(self, ensemble: Ensemble, numbers: Sequence[int], images: Images):
        if ensemble.recipe.mini_batches != "permuted":
            raise InputError(
                f"mini-batches of {ensemble.study}/{ensemble.name} are not permuted, which is all "
                "that the kernels of this benchmark know; leave fused out by --ways."
            )
        self._recipe, self._images = ensemble.recipe, images
        self._streams = [Streams(ensemble.definition, number) for number in numbers]
        self._make_weights(ensemble)
        self._make_room()
        self._epoch = 0
        self._lane = make_lane(images.setting.device)
        untrained = [weight.detach().clone() for weight in self.weights]
        self._replay_step = self._lane.record(self._take_step)
        self._replay_prediction = self._lane.record(self._predict)
        for weight, before in zip(self.weights, untrained, strict=True):
            weight.data.copy_(before)
        for state in self._optimizer.state.values():
            for tensor in filter(torch.is_tensor, state.values()):
                tensor.zero_()
        self._taken.zero_()
        self._cast()

    @torch.no_grad()
    def finish_epoch(self) -> None:
        """Train each network for an epoch."""
        self._epoch += 1
        self._rate.fill_(learning_rate(self._recipe, self._epoch))
        epoch = torch.full_like(self._taken, self._epoch)
        words = draw_words(self._keys, Stream.ORDER, epoch, 0, self._order.shape[1])
        self._order.copy_(ranks(words))
        self._lane.fork()
        for _ in range(self._batches):
            self._replay_step()
        self._lane.join()

    def predict(self) -> torch.Tensor:
        """Return what each network says of every example now: (network, example) int64."""
        self._start.zero_()
        self._lane.fork()
        for _ in range(math.ceil(len(self._images) / len(self._ahead))):
            self._replay_prediction()
        self._lane.join()
        return self._predicted.clone()

    def _make_weights(self, ensemble: Ensemble) -> None:
        """Draw the first weights, and lay them out for the kernels."""
        images = self._images
        device, precision = images.setting.device, images.setting.precision
        filters, biases = [], []
        for streams in self._streams:
            network = network_of(ensemble, images.shape, images.classes)
            initialise(network, streams)
            self._layers = layers_of(network, images.shape, precision)
            weighty = [module for module in network if hasattr(module, "weight")]
            # As many pixels come to a dense layer as the layer before gives.
            pixels = [1, *(layer.windows for layer in self._layers[:-1])]
            pairs = zip(weighty, pixels, strict=True)
            filters.append([filters_of(module.weight, number) for module, number in pairs])
            biases.append([module.bias for module in weighty])
        stacks = [torch.stack(each).detach().to(device) for each in zip(*filters, strict=True)]
        # Of one dimension, by which optimizers tell biases from weights.
        rows = [torch.cat(each).detach().to(device) for each in zip(*biases, strict=True)]
        self.weights = nn.ParameterList([*stacks, *rows])
        for weight in self.weights:
            weight.grad = torch.zeros_like(weight)
        self._filters = list(self.weights[: len(stacks)])
        self._biases = list(self.weights[len(stacks) :])
        self.cast_filters = self._filters
        if precision == "bf16":
            self.cast_filters = [each.detach().bfloat16() for each in self._filters]
        self._rate = torch.tensor(self._recipe.learning_rate, device=device)
        self._optimizer = make_optimizer(self.weights, self._recipe, self._rate)

    def _make_room(self) -> None:
        """Allocate what every step and every prediction reads and writes."""
        images, networks = self._images, len(self._streams)
        device, size = images.setting.device, self._recipe.batch_size
        keys = [torch.from_numpy(each.key.view("int64")) for each in self._streams]
        self._keys = torch.stack(keys).to(device)
        self._batches = len(images.train) // size
        self._taken = torch.zeros((), dtype=torch.int64, device=device)
        self._order = torch.arange(len(images.train), device=device).repeat(networks, 1)
        self._classes = torch.arange(images.classes, device=device)
        self._y, self._kept = outputs_of(self._layers, networks, size, device)
        self._pooled = [torch.zeros_like(each) for each in self._y]
        self._unpooled = [
            y.new_zeros((networks, size, layer.pixels, layer.columns)) if layer.pool > 1 else None
            for layer, y in zip(self._layers, self._y, strict=True)
        ]
        self._start = torch.zeros((), dtype=torch.int64, device=device)
        self._ahead = torch.arange(min(PREDICTED_AT_ONCE, len(images)), device=device)
        self._said = outputs_of(self._layers, networks, len(self._ahead), device)
        self._predicted = torch.zeros((networks, len(images)), dtype=torch.int64, device=device)

    @torch.no_grad()
    def _take_step(self) -> None:
        networks, size = len(self._streams), self._recipe.batch_size
        whole = self._order[:, : self._batches * size].view(networks, self._batches, size)
        places = whole.index_select(1, (self._taken % self._batches).view(1)).view(networks, size)
        index = self._images.train[places]
        seen = self._seen(index)
        self._apply(seen, self._y, self._kept, training=True)
        right = self._images.labels[index].unsqueeze(-1) == self._classes
        shares = self._y[-1].view(networks, size, -1).float().softmax(-1)
        slopes = ((shares - right.float()) / size).to(seen.dtype)
        self._go_back(seen, slopes.view_as(self._y[-1]))
        self._optimizer.step()
        self._cast()
        self._taken += 1

    @torch.no_grad()
    def _predict(self) -> None:
        # Where the last batch is not full it ends with the last example again and again.
        index = (self._start + self._ahead).clamp(max=len(self._images) - 1)
        seen = self._seen(index[None]).expand(len(self._streams), -1, -1, -1)
        self._apply(seen, *self._said, training=False)
        labels = self._said[0][-1].flatten(2).argmax(-1)
        self._predicted.index_copy_(1, index, labels)
        self._start += len(self._ahead)

    def _seen(self, index: torch.Tensor) -> torch.Tensor:
        """Return standardised images (network, example, pixel, channel)."""
        images = self._images.batch(index.flatten()).permute(0, 2, 3, 1)
        return images.to(self._y[0].dtype).reshape(*index.shape, -1, images.shape[-1])

    def _apply(
        self,
        images: torch.Tensor,
        y: Sequence[torch.Tensor],
        kept: Sequence[torch.Tensor],
        training: bool,
    ) -> None:
        """Write what the layers give and keep."""
        dropouts = 0
        for place, layer in enumerate(self._layers):
            noise = None
            if training and layer.threshold:
                words = math.ceil(y[place][0].numel() / 8)
                drawn = draw_words(self._keys, Stream.DROPOUT, self._taken, dropouts, words)
                noise, dropouts = drawn.view(torch.uint8), dropouts + 1
            bias = self._biases[place].view(len(self._streams), -1)
            layer.apply(images, self.cast_filters[place], bias, noise, y[place], kept[place])
            images = y[place]

    def _go_back(self, images: torch.Tensor, slopes: torch.Tensor) -> None:
        """Write the slopes of all weights, from those of the logits (network, example, 1, K)."""
        for place in reversed(range(len(self._layers))):
            layer, below = self._layers[place], place - 1
            taken = self._y[below] if place else images
            bias_slopes = self._biases[place].grad.view(len(self._streams), -1)
            layer.slopes_of_filters(taken, slopes, self._filters[place].grad, bias_slopes)
            if not place:
                return
            layer.slopes_below(
                slopes,
                self.cast_filters[place],
                self._layers[below],
                self._y[below],
                self._kept[below],
                self._pooled[below],
            )
            slopes = self._pooled[below]
            if self._layers[below].pool > 1:
                self._layers[below].unpool(slopes, self._kept[below], self._unpooled[below])
                slopes = self._unpooled[below]

    def _cast(self) -> None:
        """Bring the weights of now to the type of the images."""
        if self.cast_filters is not self._filters:
            torch._foreach_copy_(self.cast_filters, self._filters)
