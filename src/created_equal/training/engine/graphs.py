"""The engine for GPUs: all networks of a group train at once, by replaying CUDA graphs.

A network's step (gather a mini-batch, forward, backward, update) is recorded once as a CUDA graph,
and so is the prediction of a batch by a few networks. Everything that changes from step to step is
in tensors on the device, so Python only replays the graphs. The graphs of a group run concurrently
on a few streams. A step runs the same kernels as in ``Trainee``, and the number of networks that
predict together is constant, so a network's numbers do not depend on what else runs.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch.func import functional_call
from torch.nn import functional as F

from created_equal.study import Ensemble
from created_equal.training.engine.device import check_compiler, release_memory
from created_equal.training.engine.device_random import DeviceStreams
from created_equal.training.engine.images import Images
from created_equal.training.engine.optimizers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream
from created_equal.training.engine.trainee import EpochResult, Trainee, make_result

LANES = 8
# The number of networks that predict together is constant. With another number of channels cuDNN
# may add in another order, and a network's predictions would depend on the size of its group.
PREDICTED_TOGETHER = 4


class Lane:
    """A queue of work on a device; this one does each piece of work immediately.

    ``record`` does a piece of work once, which also loads libraries and creates the optimizer's
    state, and returns a function that queues it again. After ``fork`` the lane waits for all
    earlier work on the device; after ``join`` the device waits for all work in the lane.
    """

    def __init__(self, device: torch.device):
        self._device = device

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        work()
        return work

    def queue(self, work: Callable[[], None]) -> None:
        work()

    def fork(self) -> None:
        pass

    def join(self) -> None:
        pass

    def free_memory(self) -> int:
        """Return the device's free memory in bytes, 0 if unknown."""
        return 0

    def failed_allocations(self) -> int:
        return 0


class StreamLane(Lane):
    """A queue of work on a GPU: a stream, and a memory pool that its graphs share."""

    def __init__(self, device: torch.device):
        super().__init__(device)
        self._stream = torch.cuda.Stream(device)
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Do the work once, record it as a graph, and return a function that replays it."""
        self.fork()
        self.queue(work)
        self.join()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            work()
        return lambda: self.queue(graph.replay)

    def queue(self, work: Callable[[], None]) -> None:
        with torch.cuda.stream(self._stream):
            work()

    def fork(self) -> None:
        self._stream.wait_stream(torch.cuda.current_stream())

    def join(self) -> None:
        torch.cuda.current_stream().wait_stream(self._stream)

    def free_memory(self) -> int:
        return torch.cuda.mem_get_info(self._device)[0]

    def failed_allocations(self) -> int:
        return torch.cuda.memory_stats(self._device).get("num_ooms", 0)


class RecordedTrainee(Trainee):
    """A network in training whose steps are replayed graphs.

    ``rate``, () float32 on the device, is the learning rate, shared by the group.
    """

    def __init__(
        self, ensemble: Ensemble, seed: int, images: Images, rate: torch.Tensor, lane: Lane
    ):
        self._rate, self._lane = rate, lane
        super().__init__(ensemble, seed, images)
        device = images.setting.device
        self._device_step = torch.zeros((), dtype=torch.int64, device=device)
        self._device_streams = DeviceStreams(self._streams, self._device_step)
        self._order = images.train.clone()
        untrained = {name: each.clone() for name, each in self.network.state_dict().items()}
        # Recording performs a training step, which is undone here.
        self._replay_step = lane.record(self._take_step)
        self.network.load_state_dict(untrained)
        for state in self._optimizer.state.values():
            for tensor in state.values():
                if tensor is not None:
                    tensor.zero_()
        self._device_step.zero_()
        self._draw_order()

    def take_step(self) -> None:
        """Queue the next mini-batch."""
        self._replay_step()
        self.step += 1
        if self.step % self._batches_per_epoch == 0:
            # The order is drawn now, while the device is still busy with other networks.
            self._lane.queue(self._draw_order)

    def restore(self, states: Sequence[dict]) -> None:
        """Restore a state from ``states`` into the tensors that the graphs use."""
        (state,) = states
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        saved = state["optimizer"]["state"]
        groups = self._optimizer.param_groups
        for index, parameter in enumerate(each for group in groups for each in group["params"]):
            for name, tensor in self._optimizer.state[parameter].items():
                if tensor is not None:
                    tensor.copy_(saved[index][name])
        self._device_step.fill_(self.step)
        self._draw_order()

    def _take_step(self) -> None:
        self.network.train()
        index, words = self._mini_batch(), None
        if self._images.is_augmented:
            streams = self._device_streams
            words = streams.words(Stream.AUGMENTATION, self._device_step, 0, len(index))
        self._update(self._images.batch(index, words), self._images.labels[index])
        self._device_step += 1

    def _draw_order(self) -> None:
        """Draw the order of examples of the next epoch."""
        if self._ensemble.recipe.mini_batches == "permuted":
            order = self._device_streams.permutation(self.epoch + 1, len(self._order))
            self._order.copy_(self._images.train[order])

    def _mini_batch(self) -> torch.Tensor:
        """Return the indices of the examples in the current mini-batch."""
        size = self._ensemble.recipe.batch_size
        if self._ensemble.recipe.mini_batches == "permuted":
            n_batches = self._batches_per_epoch
            batches = self._order[: n_batches * size].view(n_batches, size)
            return batches.index_select(0, (self._device_step % n_batches).view(1)).view(size)
        return self._images.train[self._device_streams.sample(len(self._order), size)]

    def _make_forward(self) -> Callable[[torch.Tensor], torch.Tensor]:
        if self._images.setting.precision != "bf16":
            return self.network
        names, weights = zip(*self.network.named_parameters(), strict=True)

        def forward(images: torch.Tensor) -> torch.Tensor:
            cast = dict(zip(names, CastTogether.apply(*weights), strict=True))
            return functional_call(self.network, cast, (images,))

        return forward

    def _make_optimizer(self) -> torch.optim.Optimizer:
        return make_optimizer(self.network, self._ensemble.recipe, self._rate)

    def _make_noise(self, layer: int) -> Callable[[int], torch.Tensor]:
        return lambda n_bytes: self._device_streams.random_bytes(Stream.DROPOUT, layer, n_bytes)


class CastTogether(torch.autograd.Function):
    """Cast all weights of a network to bf16, and their gradients to fp32, in a few kernels.

    Autocast launches one kernel per weight and per gradient, and most of them take less time than
    their launch.
    """

    @staticmethod
    def forward(ctx, *weights: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return _cast(weights, torch.bfloat16)

    @staticmethod
    def backward(ctx, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return _cast(gradients, torch.float32)


def _cast(tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    cast = tuple(torch.empty_like(each, dtype=dtype) for each in tensors)
    torch._foreach_copy_(cast, tensors)
    return cast


class Panel:
    """At most ``PREDICTED_TOGETHER`` networks of a group, which predict together.

    Each batch is gathered and standardized once for all of them. Their first convolutions are
    computed as one, whose output channels are then split among the networks.
    """

    def __init__(self, trainees: Sequence[RecordedTrainee], images: Images, lane: Lane):
        self._trainees, self._images = trainees, images
        device, size = images.setting.device, images.prediction_batch
        self._start = torch.zeros((), dtype=torch.int64, device=device)
        self._offsets = torch.arange(size, device=device)
        shape = len(trainees), len(images)
        self._predictions = torch.zeros(shape, dtype=torch.int64, device=device)
        self._losses = torch.zeros(shape, device=device)
        # Queues the prediction of the next batch.
        self.predict = lane.record(self._predict)

    def begin(self) -> None:
        """Go back to the first example."""
        self._start.zero_()

    def results(self) -> list[EpochResult]:
        # All networks share one transfer, because the device waits for every transfer.
        rows = zip(self._trainees, self._predictions.cpu(), self._losses.cpu(), strict=True)
        return [
            make_result(trainee.moment, predictions, losses, self._images)
            for trainee, predictions, losses in rows
        ]

    @torch.no_grad()
    def _predict(self) -> None:
        # The last batch is padded with copies of the last example.
        index = (self._start + self._offsets).clamp(max=len(self._images) - 1)
        labels = self._images.labels[index]
        with self._images.setting.autocast():
            features = self._first_convolutions(self._images.batch(index))
            for row, trainee in enumerate(self._trainees):
                logits = trainee.network[1:].eval()(features[row]).float()
                losses = F.cross_entropy(logits, labels, reduction="none")
                self._predictions[row].index_copy_(0, index, logits.argmax(1))
                self._losses[row].index_copy_(0, index, losses)
        self._start += len(self._offsets)

    def _first_convolutions(self, batch: torch.Tensor) -> Sequence[torch.Tensor]:
        layers = [trainee.network[0] for trainee in self._trainees]
        layers += layers[-1:] * (PREDICTED_TOGETHER - len(layers))
        weight = torch.cat([layer.weight for layer in layers])
        bias = torch.cat([layer.bias for layer in layers])
        return F.conv2d(batch, weight, bias, padding=layers[0].padding).chunk(len(layers), dim=1)


class GraphGroup:
    """A ``Group`` of networks that take each step together, on a GPU.

    It has as many of the networks as fit into the device's memory. Its methods are those of
    ``Trainee``; a step counts as finished when it is queued.

    Raises:
        InputError: see ``check_compiler``.
        torch.OutOfMemoryError: the networks do not fit into memory.
    """

    def __init__(self, ensemble: Ensemble, seeds: Sequence[int], images: Images):
        self._ensemble, self._images = ensemble, images
        device = images.setting.device
        if device.type == "cuda":
            check_compiler()
        self._rate = torch.tensor(ensemble.recipe.learning_rate, device=device)
        # Otherwise the garbage collector might destroy graphs of an earlier group during a
        # recording, which CUDA forbids, and until then they would occupy memory.
        release_memory()
        make_lane = StreamLane if device.type == "cuda" else Lane
        lanes = self._lanes = [make_lane(device) for _ in range(min(LANES, len(seeds)))]
        self._trainees: list[RecordedTrainee] = []
        self._panels: list[Panel] = []
        free, largest = [lanes[0].free_memory()], 0
        failed = lanes[0].failed_allocations()
        # Later panels need no more memory than the largest so far: the first of a lane needs most.
        while len(self._trainees) < len(seeds) and (not largest or free[-1] > 2 * largest):
            first = len(self._trainees)
            members = [
                RecordedTrainee(ensemble, seeds[i], images, self._rate, lanes[i % LANES])
                for i in range(first, min(first + PREDICTED_TOGETHER, len(seeds)))
            ]
            self._trainees += members
            self._panels.append(Panel(members, images, lanes[len(self._panels) % LANES]))
            free.append(lanes[0].free_memory())
            largest = max(largest, free[-2] - free[-1])
        if lanes[0].failed_allocations() > failed:
            # When memory is short, cuDNN silently falls back to another algorithm, and results
            # would depend on the size of the group.
            raise torch.OutOfMemoryError("no memory left for the workspace of convolutions")
        self.seeds = list(seeds[: len(self._trainees)])

    @property
    def epoch(self) -> int:
        return self._trainees[0].epoch

    @property
    def moment(self) -> int:
        return self._trainees[0].moment

    def finish_epoch(self) -> Iterator[None]:
        epoch = self.epoch
        self._join()
        self._rate.fill_(learning_rate(self._ensemble.recipe, epoch + 1))
        self._fork()
        while self.epoch == epoch:
            for trainee in self._trainees:
                trainee.take_step()
            yield

    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]:
        self._join()
        for panel in self._panels:
            panel.begin()
        self._fork()
        for _ in range(math.ceil(len(self._images) / self._images.prediction_batch)):
            for panel in self._panels:
                panel.predict()
            after_batch()
        self._join()
        return [result for panel in self._panels for result in panel.results()]

    def states(self) -> list[dict]:
        self._join()
        return [state for trainee in self._trainees for state in trainee.states()]

    def restore(self, states: Sequence[dict]) -> None:
        self._join()
        for trainee, state in zip(self._trainees, states, strict=True):
            trainee.restore([state])

    def _fork(self) -> None:
        for lane in self._lanes:
            lane.fork()

    def _join(self) -> None:
        for lane in self._lanes:
            lane.join()
