"""The engine for GPUs: all networks of a group at once, each one's step a recorded graph.

A network's step (gather a mini-batch, forward, backward, update) is recorded once as a CUDA graph,
and so is the prediction of a batch by a few networks, with all that changes from step to step in
tensors on the device; then Python only replays the graphs. The graphs of a group run concurrently
on a few streams. A step's kernels are those of ``Trainee``, and the number of networks that predict
together is always the same, so a network's numbers do not depend on what else runs.
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
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Stream
from created_equal.training.engine.trainee import EpochResult, Trainee, make_result

LANES = 8
# The number of networks that predict together is always the same: in a convolution of another width
# the library may add in another order, and a network's predictions would depend on its neighbours.
PREDICTED_TOGETHER = 4


class Lane:
    """A queue of work on a device; this one does each piece of work immediately."""

    def __init__(self, device: torch.device):
        self._device = device

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Do a piece of work once, and return a function that does it again.

        The first time is special: libraries are loaded, and the optimizer makes its state.
        """
        work()
        return work

    def queue(self, work: Callable[[], None]) -> None:
        """Do a piece of work after all that is queued here."""
        work()

    def fork(self) -> None:
        """Let work that is queued here from now on wait for all earlier work of the device."""

    def join(self) -> None:
        """Let later work of the device wait for all that is queued here."""

    def free_memory(self) -> int:
        """Return the free bytes of the device, 0 if unknown."""
        return 0

    def refusals(self) -> int:
        """Return how many allocations failed so far."""
        return 0


class StreamLane(Lane):
    """A queue of work on a GPU: a stream, and memory that its graphs, one at a time, share."""

    def __init__(self, device: torch.device):
        super().__init__(device)
        self._stream = torch.cuda.Stream(device)
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Do a piece of work once, record it as a graph, and return a function that replays it."""
        self.fork()
        self.queue(work)
        self.join()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            work()
        return lambda: self.queue(graph.replay)

    def queue(self, work: Callable[[], None]) -> None:
        """Give a piece of work to the stream, see ``Lane``."""
        with torch.cuda.stream(self._stream):
            work()

    def fork(self) -> None:
        """Make the stream wait, see ``Lane``."""
        self._stream.wait_stream(torch.cuda.current_stream())

    def join(self) -> None:
        """Make other work wait for the stream, see ``Lane``."""
        torch.cuda.current_stream().wait_stream(self._stream)

    def free_memory(self) -> int:
        """Return the free bytes of the GPU."""
        return torch.cuda.mem_get_info(self._device)[0]

    def refusals(self) -> int:
        """Return how many allocations on the GPU failed so far."""
        return torch.cuda.memory_stats(self._device).get("num_ooms", 0)


def make_lane(device: torch.device) -> Lane:
    """Return a queue of work on a device."""
    return StreamLane(device) if device.type == "cuda" else Lane(device)


class RecordedTrainee(Trainee):
    """A network in training whose steps are replayed.

    Args:
        ensemble: the ensemble.
        seed: the network's number i in the ensemble.
        images: the dataset, in the device's memory.
        rate: () float32 on the device: the learning rate, shared by the group.
        lane: where its work is queued.
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
        # Recording takes a step, which is undone.
        self._replay_step = lane.record(self._take_step)
        self.network.load_state_dict(untrained)
        for tensor in self._optimizer_tensors():
            tensor.zero_()
        self._device_step.zero_()
        self._draw_order()

    def take_step(self) -> None:
        """Queue the next mini-batch."""
        self._replay_step()
        self.step += 1
        if self.step % self._batches_per_epoch == 0:
            self.epoch += 1
            # Drawn here, while the device still has steps of other networks to take.
            self._lane.queue(self._draw_order)

    def restore(self, states: Sequence[dict]) -> None:
        """Return to what ``states`` returned, in the tensors that the graphs use."""
        (state,) = states
        self.epoch, self.step = state["epoch"], state["step"]
        self.network.load_state_dict(state["network"])
        saved = state["optimizer"]["state"]
        for place, parameter in enumerate(self._parameters()):
            for name, tensor in self._optimizer.state[parameter].items():
                if tensor is not None:
                    tensor.copy_(saved[place][name])
        self._device_step.fill_(self.step)
        self._draw_order()

    def _take_step(self) -> None:
        self.network.train()
        index = self._mini_batch()
        self._update(self._images.batch(index), self._images.labels[index])
        self._device_step += 1

    def _draw_order(self) -> None:
        """Draw the order of the epoch's examples on the device."""
        if self._ensemble.recipe.mini_batches == "permuted":
            places = self._device_streams.permutation(self.epoch + 1, len(self._order))
            self._order.copy_(self._images.train[places])

    def _mini_batch(self) -> torch.Tensor:
        """Return the examples of the step's mini-batch."""
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

    def _noise_of(self, layer: int) -> Callable[[int], torch.Tensor]:
        return lambda n_bytes: self._device_streams.random_bytes(Stream.DROPOUT, layer, n_bytes)

    def _parameters(self) -> list[torch.nn.Parameter]:
        """Return the parameters in the order in which the optimizer's state counts them."""
        return [each for group in self._optimizer.param_groups for each in group["params"]]

    def _optimizer_tensors(self) -> Iterator[torch.Tensor]:
        for of_parameter in self._optimizer.state.values():
            yield from (each for each in of_parameter.values() if each is not None)


class CastTogether(torch.autograd.Function):
    """The weights of a network in bf16, and their gradients in fp32, by a few kernels in all.

    Autocast starts a kernel for each weight and each gradient, and most operations of a network are
    shorter than the start of a kernel.
    """

    @staticmethod
    def forward(ctx, *weights: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the weights in bf16."""
        return _cast(weights, torch.bfloat16)

    @staticmethod
    def backward(ctx, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the gradients in fp32."""
        return _cast(gradients, torch.float32)


def _cast(tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    cast = tuple(torch.empty_like(each, dtype=dtype) for each in tensors)
    torch._foreach_copy_(cast, tensors)
    return cast


class Panel:
    """A few networks of a group that predict together.

    Each batch is gathered and standardised once for all of them, and their first convolutions are
    computed as one, of whose output channels each network takes its own.

    Args:
        trainees: at most ``PREDICTED_TOGETHER``.
        images: the dataset, in the device's memory.
        lane: where the work is queued.
    """

    def __init__(self, trainees: Sequence[RecordedTrainee], images: Images, lane: Lane):
        self._trainees, self._images = trainees, images
        device, size = images.setting.device, images.evaluated_at_once
        self._start = torch.zeros((), dtype=torch.int64, device=device)
        self._ahead = torch.arange(size, device=device)
        shape = len(trainees), len(images)
        self._predictions = torch.zeros(shape, dtype=torch.int64, device=device)
        self._losses = torch.zeros(shape, device=device)
        self._replay = lane.record(self._predict)

    def begin(self) -> None:
        """Go back to the first example."""
        self._start.zero_()

    def predict(self) -> None:
        """Queue the prediction of the next examples."""
        self._replay()

    def results(self) -> list[EpochResult]:
        """Return each network's results."""
        # One transfer for all networks, because the device waits for every transfer.
        of_networks = zip(self._trainees, self._predictions.cpu(), self._losses.cpu(), strict=True)
        return [
            make_result(trainee.epoch, predictions, losses, self._images)
            for trainee, predictions, losses in of_networks
        ]

    @torch.no_grad()
    def _predict(self) -> None:
        # A last batch that is not full is filled up with the last example.
        index = (self._start + self._ahead).clamp(max=len(self._images) - 1)
        labels = self._images.labels[index]
        with self._images.setting.autocast():
            seen = self._first_convolutions(self._images.batch(index))
            for place, trainee in enumerate(self._trainees):
                logits = trainee.network[1:].eval()(seen[place]).float()
                losses = F.cross_entropy(logits, labels, reduction="none")
                self._predictions[place].index_copy_(0, index, logits.argmax(1))
                self._losses[place].index_copy_(0, index, losses)
        self._start += len(self._ahead)

    def _first_convolutions(self, batch: torch.Tensor) -> Sequence[torch.Tensor]:
        layers = [trainee.network[0] for trainee in self._trainees]
        layers += layers[-1:] * (PREDICTED_TOGETHER - len(layers))
        weight = torch.cat([layer.weight for layer in layers])
        bias = torch.cat([layer.bias for layer in layers])
        return F.conv2d(batch, weight, bias, padding=layers[0].padding).chunk(len(layers), dim=1)


class GraphGroup:
    """Networks that take each step together, on a GPU; a ``Group``.

    Args:
        ensemble: the ensemble.
        seeds: the networks, of which the group takes as many as fit into the device's memory.
        images: the dataset, in the device's memory.

    Raises:
        InputError: see ``check_compiler``.
        torch.OutOfMemoryError: memory is too small for the networks.
    """

    def __init__(self, ensemble: Ensemble, seeds: Sequence[int], images: Images):
        self._ensemble, self._images = ensemble, images
        device = images.setting.device
        if device.type == "cuda":
            check_compiler()
        self._rate = torch.tensor(ensemble.recipe.learning_rate, device=device)
        # Graphs of an earlier group would be destroyed in the middle of a recording, which CUDA
        # does not permit, and until then they would hold their memory.
        release_memory()
        lanes = self._lanes = [make_lane(device) for _ in range(min(LANES, len(seeds)))]
        self._trainees: list[RecordedTrainee] = []
        self._panels: list[Panel] = []
        free, largest = [lanes[0].free_memory()], 0
        refused = lanes[0].refusals()
        # No panel needs more memory than the largest so far: the first of a lane takes most.
        while len(self._trainees) < len(seeds) and (not largest or free[-1] > 2 * largest):
            first = len(self._trainees)
            members = [
                RecordedTrainee(ensemble, seeds[place], images, self._rate, lanes[place % LANES])
                for place in range(first, min(first + PREDICTED_TOGETHER, len(seeds)))
            ]
            self._trainees += members
            self._panels.append(Panel(members, images, lanes[len(self._panels) % LANES]))
            free.append(lanes[0].free_memory())
            largest = max(largest, free[-2] - free[-1])
        if lanes[0].refusals() > refused:
            # If an algorithm finds no memory, cuDNN silently takes another one, and the networks
            # would depend on how many of them are in the group.
            raise torch.OutOfMemoryError("convolutions found no memory to work in")
        self.seeds = list(seeds[: len(self._trainees)])

    @property
    def epoch(self) -> int:
        """Epochs that are finished."""
        return self._trainees[0].epoch

    def finish_epoch(self) -> Iterator[None]:
        """Train to the end of the epoch; yield whenever a step is queued for all networks."""
        epoch = self.epoch
        self._join()
        self._rate.fill_(learning_rate(self._ensemble.recipe, epoch + 1))
        self._fork()
        while self.epoch == epoch:
            for trainee in self._trainees:
                trainee.take_step()
            yield

    def evaluate(self, after_batch: Callable[[], None]) -> list[EpochResult]:
        """Predict every example with each network; call ``after_batch`` after each batch."""
        self._join()
        for panel in self._panels:
            panel.begin()
        self._fork()
        for _ in range(math.ceil(len(self._images) / self._images.evaluated_at_once)):
            for panel in self._panels:
                panel.predict()
            after_batch()
        self._join()
        return [result for panel in self._panels for result in panel.results()]

    def states(self) -> list[dict]:
        """Return for each network all that the rest of its training depends on."""
        self._join()
        return [state for trainee in self._trainees for state in trainee.states()]

    def restore(self, states: Sequence[dict]) -> None:
        """Return to what ``states`` returned, at the same step for all networks."""
        self._join()
        for trainee, state in zip(self._trainees, states, strict=True):
            trainee.restore([state])

    def _fork(self) -> None:
        for lane in self._lanes:
            lane.fork()

    def _join(self) -> None:
        for lane in self._lanes:
            lane.join()
