"""Every key of config.yaml and of config/studies/*.yaml: its type, default, bounds and description.

The string below a key describes it. The checks, config/README.md and the JSON schemas in schemas/
are made from these models (see ``key_pages``); after a change, run ``make config/README.md``.

Numbers are strict, since YAML is lax: 20.0 is not a whole number, and "true" is text. 1 and 1.0 are
the same where a number may be a fraction.
"""

import re
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from created_equal.study.yaml_files import LONGEST_NAME, parse_yaml
from created_equal.user_text import expand

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
# The default of a key that may be left out but not be null, unlike keys whose default is None.
ABSENT = Field(default_factory=type(None))


def _from_text(value: object) -> object:
    """Parse a value that is text because it comes from the command line."""
    try:
        return parse_yaml(value) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise ValueError from error


def plain_name(study: str) -> str:
    """Return the name of a study, also from the path of its file."""
    return re.sub(r"^(?:.*/)?([^/]+)\.ya?ml$", r"\1", study.strip())


def _split(names: object) -> object:
    if isinstance(names, str):
        names = [plain_name(name) for name in names.split(",") if name.strip()]
    return names or None


def _as_path(value: object) -> object:
    """Return text for a number, which Snakemake's --config makes of a folder's name.

    Empty text would be the current directory, and becomes None, which is refused.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value or None


def _rising(numbers: list[int]) -> list[int]:
    if numbers != sorted(set(numbers)):
        raise PydanticCustomError("not_rising", "each number must be above the one before it")
    return numbers


Count = Annotated[StrictInt, Field(ge=1)]
# Of networks or epochs; more are a slip, and would take hours before they fail.
Many = Annotated[StrictInt, Field(ge=1, le=100_000)]
FromTwo = Annotated[StrictInt, Field(ge=2)]
FromZero = Annotated[StrictInt, Field(ge=0)]
Share = Annotated[StrictFloat, Field(ge=0, le=1)]
ProperShare = Annotated[StrictFloat, Field(gt=0, lt=1)]
ShareRange = Annotated[list[Share], Field(min_length=2, max_length=2)]
Rising = AfterValidator(_rising)
TwoEpochs = Annotated[list[FromZero], Field(min_length=2, max_length=2), Rising]
FourEpochs = Annotated[list[FromZero], Field(min_length=4, max_length=4), Rising]
SixEpochs = Annotated[list[FromZero], Field(min_length=6, max_length=6), Rising]
Text = Annotated[str, Field(min_length=1)]
NAME = f"^[a-z0-9_]{{1,{LONGEST_NAME}}}$"
Name = Annotated[str, Field(pattern=NAME)]
Names = tuple[Name, ...]
# In any order, and each once.
Noises = Annotated[
    tuple[Literal["initialisation", "mini_batches", "dropout"], ...],
    AfterValidator(lambda names: tuple(sorted(set(names)))),
]
FromText = BeforeValidator(_from_text)
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "tf32", "bf16"]

PaperArchitecture = Literal["st_vgg", "small_st_vgg", "mnist_cnn"]
# fmt: off
PublicArchitecture = Literal[
    "alexnet", "convnext_base", "convnext_large", "convnext_small", "convnext_tiny", "densenet121",
    "densenet161", "densenet169", "densenet201", "efficientnet_b0", "efficientnet_b1",
    "efficientnet_b2", "efficientnet_b3", "efficientnet_b4", "efficientnet_b5", "efficientnet_b6",
    "efficientnet_b7", "efficientnet_v2_l", "efficientnet_v2_m", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3",
    "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "regnet_x_16gf", "regnet_x_1_6gf",
    "regnet_x_32gf", "regnet_x_3_2gf", "regnet_x_400mf", "regnet_x_800mf", "regnet_x_8gf",
    "regnet_y_128gf", "regnet_y_16gf", "regnet_y_1_6gf", "regnet_y_32gf", "regnet_y_3_2gf",
    "regnet_y_400mf", "regnet_y_800mf", "regnet_y_8gf", "resnet101", "resnet152", "resnet18",
    "resnet34", "resnet50", "resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d",
    "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
    "squeezenet1_0", "squeezenet1_1", "swin_b", "swin_s", "swin_t", "swin_v2_b", "swin_v2_s",
    "swin_v2_t", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
    "vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32", "wide_resnet101_2",
    "wide_resnet50_2",
]
# fmt: on
ArchitectureName = Literal[PaperArchitecture, PublicArchitecture]
# fmt: off
Superclass = Literal[
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
    "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
]
# fmt: on


@dataclass(config=STRICT, frozen=True)
class Config:
    """The settings in config.yaml, each of which can also be given with ``--config``."""

    studies: Annotated[
        Names,
        BeforeValidator(_split, json_schema_input_type=Names | str),
        AfterValidator(lambda names: tuple(dict.fromkeys(names))),
    ] = ("digits",)
    """The studies whose figures are built when no target is named: names of files in
    config/studies, as a list or separated by commas. The figures of every other study can be
    requested by path, for example `paper_figures/small_mammals/figure_01.pdf`."""

    data_root: Annotated[
        Path,
        BeforeValidator(_as_path, json_schema_input_type=Text),
        AfterValidator(expand),
    ] = Path("data")
    """The folder of the data sets, in torchvision's layout (cifar-100-python/, MNIST/raw/, ...).
    Missing CIFAR or MNIST is downloaded to it; otherwise it may be read-only. `~` is your home
    folder, and variables ($SCRATCH) are replaced. A folder other than data must exist. Datasets
    that are built already stay as they are; if another folder has other images, add `--forcerun
    build_dataset`."""

    download: Annotated[StrictBool, FromText] = True
    """Whether missing data sets are downloaded. With false, a missing data set ends the run with an
    error that names the missing file."""

    networks: Annotated[Many | None, FromText] = None
    """The number of networks in every ensemble; null takes the numbers from the study files.
    Raising it trains only the additional networks, except in ensembles whose data depend on another
    ensemble's ranking of the examples: they are retrained, because more networks rank differently.
    The run announces this before it starts."""

    epochs: Annotated[Many | None, FromText] = None
    """The number of epochs of every network, for a short trial; null takes the numbers from the
    study files. Figures for which the study sets later epochs show others, chosen from the scores.
    Networks trained for another number of epochs are kept, and are used again without this key."""

    networks_per_job: Annotated[Count, FromText] = 7
    """How many networks a job trains and saves in one file. It does not change any result."""

    device: Device = "auto"
    """The device for training; auto is a GPU, or the CPU if there is none."""

    precision: Precision = "auto"
    """The arithmetic of training. auto is bf16 on CPUs with AMX and on AMD CPUs with AVX512 bf16,
    otherwise fp32 (bf16 is slower on other CPUs, and GPUs have not been measured yet, see
    benchmarks/README.md). On a GPU, tf32 and bf16 need compute capability 8.0. The precision is
    stored with every result. Changing it does not retrain finished networks; scoring an ensemble
    that mixes precisions prints a warning. To finish training on another machine, set the precision
    that it started with."""

    scores: Literal["trained", "reference"] = "trained"
    """With trained, figures and claims show all networks of the study: those that come with the
    code, and those trained here. With reference, they show only the scores that come with the code
    (reference/STUDY), and nothing is trained. Where these come without the predictions of every
    network, intervals are over examples alone, and claims that need the predictions are not
    measured."""


@dataclass(config=STRICT, frozen=True)
class Decay:
    """A step-wise decay of the learning rate."""

    factor: Annotated[StrictFloat, Field(ge=1)]
    """The learning rate is divided by this factor."""
    every: Count
    """The number of epochs between two divisions."""


@dataclass(config=STRICT, frozen=True)
class Recipe:
    """How a network is trained."""

    epochs: Many = 140
    """Passes over the train set. Predictions are saved after each of them, and at epoch 0 for the
    untrained network."""

    batch_size: FromTwo = 100
    """The number of train images in a step."""

    optimizer: Literal["sgd", "adam", "adadelta"] = "sgd"
    """The optimizer. The paper uses sgd, adadelta on MNIST, and adam in one of its variations."""

    learning_rate: StrictFloat = Field(0.05, gt=0)
    """The initial learning rate. The paper uses 0.05, and 1 on MNIST."""

    momentum: StrictFloat = Field(0.0, ge=0, lt=1)
    """The momentum, only with sgd. The paper does not mention any."""

    decay: Decay | None = None
    """The decay of the learning rate; with null it stays constant. The paper divides it by 1.8
    every 20 epochs."""

    weight_decay: StrictFloat = Field(0.0, ge=0)
    """L2 regularization as in PyTorch's optimizers: this factor times the weight is added to the
    gradient (twice the factor of a penalty in the loss). Some of the paper's variations use it."""

    weight_decay_on: Literal["weights", "all"] = "weights"
    """The parameters that weight_decay applies to: weights are kernels and matrices, all includes
    biases."""

    dropout: Annotated[
        StrictBool | Annotated[StrictFloat, Field(ge=0, lt=1)],
        # A rate of 0 and false are the same.
        AfterValidator(lambda rate: rate or False),
    ] = True
    """true uses the architecture's own rates (st_vgg: 0.25 after pooling, 0.5 before the last
    layer). false turns dropout off, as the paper does for random labels. A number is used as the
    rate everywhere, rounded to a multiple of 1/256, from 1/256 to 255/256; 0 is the same as
    false."""

    activation: (
        Literal["elu", "relu", "leaky_relu", "tanh", "sigmoid", "softplus", "gelu", "silu"] | None
    ) = None
    """The activation function; null is the architecture's own, which is elu for st_vgg,
    small_st_vgg and mnist_cnn. The paper does not name it; elu reaches the paper's accuracy, relu
    does not."""

    mini_batches: Literal["permuted", "independent"] = "permuted"
    """With permuted, every epoch uses each train image at most once, in a new random order; images
    that do not fill a last mini-batch are left out, different ones in each epoch. With independent,
    every mini-batch is drawn independently from the whole train set."""

    augmentation: Literal["crop_and_flip"] | None = None
    """Random changes of the train images. crop_and_flip shifts each image by up to an eighth of its
    shorter side (4 of 32 pixels) and mirrors it half of the time. With `images: files` it crops 8
    to 100 % of the area instead, resizes the crop to size x size, and mirrors it half of the time
    (torchvision's RandomResizedCrop and RandomHorizontalFlip). null changes nothing."""

    @property
    def definition(self) -> dict:
        """Its part of the definition of a network, as plain JSON types."""
        values = asdict(self)
        # This key was added later; the definitions of networks from before do not have it.
        if values["augmentation"] is None:
            del values["augmentation"]
        return values


@dataclass(config=STRICT, frozen=True)
class Resources:
    """What a training job requests from a cluster; it does not change any result."""

    mem_mb: Count | None = None
    """The memory of a training job in MB. With null it is 4,000, plus three times the size of the
    images (with `images: files`, 1,000 per core instead), plus five times that of the job's
    predictions; sizes count if they are known before the dataset is built."""

    cpus: Count = 1
    """The cores of a training job; more cores decode images faster."""

    minutes_per_network: Count = 60
    """The time limit of a training job is this times its number of networks, plus half an hour. A
    job that reaches it resumes when it is submitted again."""

    networks_per_job: Count | None = None
    """An upper limit on networks_per_job of config.yaml; null sets no limit."""

    def minutes(self, n_networks: int) -> int:
        """Return the run time of a job that trains this many networks."""
        return 30 + n_networks * self.minutes_per_network


class Entry(BaseModel):
    """A mapping in a study file, with these keys and no others."""

    model_config = STRICT | ConfigDict(frozen=True)


class ClutterEntry(Entry):
    """The clutter that is added to the digits, and the ranges from which it is drawn."""

    digit_size: Annotated[list[Count], Field(min_length=2, max_length=2)]
    """The smallest and the largest height and width of a digit, in pixels."""
    contrast: ShareRange
    """The lowest and the highest factor by which a digit's pixels are multiplied."""
    fragments: FromZero
    """The number of fragments of other digits of the same split in an image."""
    fragment_size: Annotated[Count, Field(le=8)]
    """The height and width of a fragment, in pixels of the original 8 x 8 digits."""
    fragment_contrast: ShareRange
    """The lowest and the highest factor by which a fragment's pixels are multiplied."""
    noise: ShareRange
    """The lowest and the highest standard deviation of an image's noise, where black is 0 and white
    is 1."""


class DatasetEntry(Entry):
    """The images of a study and their labels."""

    source: Literal["digits", "cifar10", "cifar100", "mnist", "image_folder", "arrays"]
    """The source of the images. digits: the 1,797 digits of 8 x 8 pixels that come with
    scikit-learn. cifar10, cifar100, mnist: downloaded, or read from data_root.
    image_folder: your own images, in train/CLASS/ and test/CLASS/ (or val/CLASS/), or with the
    layout of Tiny ImageNet. arrays: your own arrays in a file of np.savez: train_images and
    test_images (example, height, width, channel) uint8, with 1 or 3 channels or without that axis,
    train_labels and test_labels, whole numbers from 0 on, and optionally class_names."""

    superclass: Superclass = ABSENT
    """Only with cifar100: the five classes of this superclass (2,500 train and 500 test images), in
    place of all 100 classes. small_mammals is the paper's main data."""

    # One path has one definition: x for x/, ./x and .//x.
    path: Annotated[Text, AfterValidator(lambda path: PurePosixPath(path).as_posix())] = ABSENT
    """Only with image_folder and arrays, and required there: the folder of images, or the .npz file
    of arrays, relative to data_root or absolute. The path is part of the definition that determines
    the networks' seeds, so keep it relative to data_root (a link there is possible) if the images
    may move."""

    size: Count | None = None
    """The height and width of the images in pixels: the shorter side is resized, and the center is
    cropped. With null, images stay as they are, and must all have the same size."""

    clutter: ClutterEntry = ABSENT
    """Only with digits, and with size: makes the digits about as hard as natural images. Each gets
    a random size, place and contrast, fragments of other digits behind it, and noise, all
    determined by its position in the source."""

    images: Literal["memory", "files"] = "memory"
    """Where the images are during training: in memory, as pixels, or in their files. files is for
    data that do not fit in memory, and needs image_folder and size; other processes decode each
    image whenever it is used. The folder must not change, and baselines are not possible."""

    train_examples: FromTwo | None = None
    """The number of train images, a fixed subset that keeps the proportions of the classes; null
    takes all of them."""

    test_examples: FromTwo | None = None
    """The number of test images, chosen in the same way; null takes all of them."""

    @property
    def definition(self) -> dict:
        """The definition of the dataset, as plain JSON types, without keys that have defaults."""
        return self.model_dump(exclude_defaults=True, exclude_none=True)


class DerivedEntry(Entry):
    """How an ensemble's dataset differs from the study's."""

    labels: Literal["random"] = ABSENT
    """random shuffles the labels within the train set and within the test set, so the sizes of the
    classes stay the same (the paper's figure 8)."""

    move_to_test: Literal["easiest", "hardest", "random"] = ABSENT
    """The train examples that become test examples: the easiest, the hardest, or random ones (the
    paper's section 3)."""

    half: Literal["first", "second"] = ABSENT
    """The half of the train set to keep, chosen at random; the other half is removed. The
    first and the second half have no example in common, and each has half of every class."""

    keep: Literal["hardest", "easiest", "random"] = ABSENT
    """The train examples that are kept, while all others are removed: the hardest, the easiest, or
    random ones (the paper's figure 8d). The test set stays the same."""

    fraction: ProperShare = ABSENT
    """Required with move_to_test and keep: the fraction of the train set that is moved, or that is
    kept in the end; the number of examples is rounded down."""

    ranked_by: str = ABSENT
    """Required with easiest and hardest: the name of an ensemble that is trained on the study's own
    dataset. The examples are ranked by their accessibility to that ensemble (mean consistency over
    the epochs from 1 on; the easiest has the highest). In a tie, the example that comes first in
    the source counts as easier."""

    per_round: ProperShare = ABSENT
    """With keep: easiest or hardest, the fraction that is removed in each round. After each round
    an ensemble named ENSEMBLE_round_01, ... is trained on the remaining examples and ranks them for
    the next, until fraction is left. Without this key all are removed at once."""

    of: Literal["original", "rest"] = "original"
    """Whether per_round is a fraction of the original train set or of the rest."""

    networks_per_round: Many = ABSENT
    """The number of networks in the ensemble of each round; by default as many as in this
    ensemble."""

    balanced: StrictBool = False
    """With keep: whether every class keeps the same proportion of its examples. Otherwise examples
    are kept regardless of their class."""

    seed: FromZero = 0
    """The seed of random labels, of a random choice of examples, or of halves."""


class OwnArchitecture(Entry):
    """A network of your own."""

    module: Text
    """FILE:FUNCTION, for example my_nets:make for the function make in my_nets.py, next to the
    study or in the current folder. make(n_classes, (height, width, channels)) returns a
    torch.nn.Module that maps images (example, channel, height, width) to logits (example,
    n_classes). If the file, or one that it imports from its folder, changes, the networks are
    trained again. Convolutions and dense layers are initialized as in the other architectures; all
    other parameters keep the values that the function gave them."""


class EnsembleEntry(Entry):
    """An ensemble: networks that differ only in their seed."""

    architecture: Annotated[
        Annotated[ArchitectureName, Tag("name")] | Annotated[OwnArchitecture, Tag("own")],
        Discriminator(lambda given: "own" if isinstance(given, dict) else "name"),
    ]
    """The architecture of the networks. The paper's own: st_vgg (8 convolutions), small_st_vgg (4)
    and mnist_cnn (2); or one of torchvision's classification models, without pretrained weights; or
    a network of your own, for example `{module: "my_nets:make"}`. The keys width, depth, kernel and
    units are only for the paper's own."""

    width: StrictFloat = Field(1.0, gt=0, le=8)
    """A factor on the number of filters or units of every layer except the last."""

    linear: StrictBool = False
    """true removes activation functions, and replaces max-pooling by average pooling (the paper's
    section 4.2). Of torchvision's models, only those without any other non-linearity can be linear,
    for example alexnet, the vggs and the resnets."""

    depth: Count | None = Field(None, le=16)
    """The number of convolutions in each block before a pooling layer; null is 2."""

    kernel: Count | None = Field(None, le=15)
    """The kernel size of every convolution; null is 3 (2 in the last block of st_vgg)."""

    units: Count | None = Field(None, le=65536)
    """The number of units of the dense layer before the last, before it is multiplied by width;
    null is 512 in st_vgg and 128 in the others."""

    label: Text = ABSENT
    """The ensemble's name in figures and pages; by default its name with spaces, st-VGG for
    st_vgg."""

    dataset: DerivedEntry = ABSENT
    """How the dataset differs from the study's: in the labels, or in the examples of the train set.
    Give one of labels, move_to_test, half and keep. The changed examples are listed in
    results/STUDY/ENSEMBLE/chosen.csv."""

    networks: Many = ABSENT
    """The number of networks in this ensemble; by default as many as the study has."""

    shared: Noises = ()
    """The noise that all networks of this ensemble share: they get that of network 0. The rest of
    the noise is that of the ensemble without this key. initialisation: the first weights.
    mini_batches: the order of the train images and their augmentation. dropout: dropout, and
    everything else that is drawn at random during training."""

    steps: Annotated[list[Count], Field(min_length=1), Rising] = ABSENT
    """The numbers of mini-batches, in ascending order, after which predictions are saved in place
    of after every epoch; training ends at the last. The networks are those of the ensemble without
    this key, seen within their first epochs."""

    recipe: Recipe = Field(default_factory=Recipe)
    """The keys that differ from the study's recipe."""

    resources: Resources = Field(default_factory=Resources)
    """The keys that differ from the study's resources."""


class FixedBaseline(Entry):
    """A baseline that is determined by the data alone."""


class RandomBaseline(Entry):
    """A baseline that also depends on a random state."""

    seeds: Count = 10
    """The number of random states it is fitted with; they take the place of networks."""


class AdaBoostBaseline(Entry):
    """A baseline that adds weak learners one by one."""

    weak_learners: Count = 100
    """The largest number of weak learners. Predictions are saved after each of them, as after every
    epoch of a network."""


class BaselinesEntry(Entry):
    """The classifiers that the networks are compared with."""

    svm: FixedBaseline = ABSENT
    """A support vector machine with radial basis functions."""
    k_nearest_neighbours: FixedBaseline = ABSENT
    """The most frequent class of the 10 nearest train images."""
    perceptron: RandomBaseline = ABSENT
    """One linear threshold unit per class."""
    decision_tree: RandomBaseline = ABSENT
    """A decision tree that is grown until it classifies the whole train set correctly."""
    random_forest: RandomBaseline = ABSENT
    """A random forest of 100 trees."""
    gaussian_naive_bayes: FixedBaseline = ABSENT
    """Naive Bayes with an independent Gaussian for every pixel in each class."""
    adaboost: AdaBoostBaseline = ABSENT
    """Multi-class AdaBoost (SAMME) with linear weak learners: ridge regressions onto the
    classes."""


# The keys under which a figure names one ensemble, with the keys and the values that the ensemble's
# entry must have; ``...`` is any value, and a list has any order.
ROLES = {
    "ensemble": {},
    "steps": {"steps": ...},
    "linear": {"linear": True},
    "random_labels": {"labels": "random"},
    "hard": {"keep": "hardest"},
    "hard_balanced": {"keep": "hardest", "balanced": True},
    "easiest": {"move_to_test": "easiest"},
    "hardest": {"move_to_test": "hardest"},
    "random": {"move_to_test": "random"},
    "initialisation": {"shared": ["dropout", "mini_batches"]},
    "mini_batches": {"shared": ["dropout", "initialisation"]},
    "dropout": {"shared": ["initialisation", "mini_batches"]},
    "first_half": {"half": "first"},
    "second_half": {"half": "second"},
}


def needed_words(key: str, value: object) -> str:
    """Return the key and the value that an ensemble of a role must have: ``"keep: hardest"``."""
    if value is ...:
        return key
    value = f"[{', '.join(value)}]" if isinstance(value, list) else str(value).lower()
    return f"{key}: {value}"


def role(name: str, **options) -> object:
    """Return the field of a key of a figure that is among ``ROLES``."""
    needed = " and ".join(f"`{needed_words(*each)}`" for each in ROLES[name].items())
    return Field(description=f"The name of an ensemble that has {needed}.", **options)


class FigureOfAllEpochs(Entry):
    """A figure that shows every epoch of an ensemble."""

    ensemble: str
    """The name of one of the study's ensembles."""


class FigureOfFourEpochs(FigureOfAllEpochs):
    """A figure that shows an ensemble at four epochs."""

    epochs: FourEpochs = ABSENT
    """The four epochs to show, in ascending order. By default, figures 3 and 9 show the epochs
    given for figure 1 if it shows the same ensemble; otherwise they are chosen from the scores, one
    for each phase of learning."""


class FigureOfSixEpochs(FigureOfAllEpochs):
    """A figure that shows an ensemble at six epochs."""

    epochs: SixEpochs = ABSENT
    """The six epochs to show, in ascending order; by default they are spread over the learning."""

    steps: str = role("steps", default_factory=type(None))


class FigureOfTwoEnsembles(Entry):
    """A figure that compares two ensembles."""

    ensembles: Annotated[list[str], Field(min_length=2, max_length=2)]
    """The names of two ensembles. Two halves of the first are compared too, every second network
    and the others."""


class FigureOfTwoEpochs(FigureOfAllEpochs):
    """A figure that shows an ensemble at two epochs, next to something else."""

    epochs: TwoEpochs = ABSENT
    """The two epochs to show, in ascending order; by default 1 and the last."""


class FigureOfLinearNetworks(FigureOfTwoEpochs):
    """A figure that compares an ensemble with linear networks."""

    linear: str = role("linear")


class FigureOfAdaBoost(FigureOfAllEpochs):
    """A figure that compares an ensemble with AdaBoost."""

    baseline: Literal["adaboost"]
    """The baseline that adds weak learners one by one."""


class FigureOfClassifiers(FigureOfTwoEpochs):
    """A figure that compares an ensemble with other classifiers."""

    baselines: Annotated[list[str], Field(min_length=1)]
    """The names of the baselines to show, from top to bottom."""


class FigureOfHardProblems(Entry):
    """A figure that shows ensembles without easy examples."""

    random_labels: str = role("random_labels")
    hard: str = role("hard", default_factory=type(None))
    hard_balanced: str = role("hard_balanced", default_factory=type(None))


class FigureOfMovedExamples(FigureOfAllEpochs):
    """A figure that shows what happens to examples moved to the test set."""

    easiest: str = role("easiest")
    hardest: str = role("hardest")
    random: str = role("random")


class FigureOfNoise(FigureOfAllEpochs):
    """A figure that compares an ensemble with others whose networks share some of the noise."""

    initialisation: str = role("initialisation")
    mini_batches: str = role("mini_batches")
    dropout: str = role("dropout")
    first_half: str = role("first_half")
    second_half: str = role("second_half")


class FigureOfManyEnsembles(Entry):
    """A figure with a panel for each of several ensembles."""

    ensembles: Annotated[list[str], Field(min_length=1)]
    """The names of the ensembles to show, a panel for each."""


class FiguresEntry(Entry):
    """The figures of a study."""

    figure_01: FigureOfFourEpochs = ABSENT
    """Histograms of the consistency score in the four phases of learning, train above test."""
    figure_02: FigureOfSixEpochs = ABSENT
    """Histograms of the consistency score on the test set at six epochs, and with `steps` after
    mini-batches of the first epochs."""
    figure_03: FigureOfFourEpochs = ABSENT
    """Histograms of the consensus score in the four phases of learning, train above test."""
    figure_04: FigureOfTwoEnsembles = ABSENT
    """Accessibility and consistency compared between two halves of an ensemble, and between two
    ensembles."""
    figure_05: FigureOfLinearNetworks = ABSENT
    """Consistency on the test set and the part of it that linear networks get right, with the
    linear networks' own consistency."""
    figure_06: FigureOfAdaBoost = ABSENT
    """The accuracy of AdaBoost on easy, intermediate and hard examples, and the difficulty of
    examples for AdaBoost against their accessibility."""
    figure_07: FigureOfClassifiers = ABSENT
    """The accuracy of other classifiers on the examples that the networks get right, and on the
    others."""
    figure_08: FigureOfHardProblems = ABSENT
    """Histograms of consistency with random labels at three epochs, and without the easy examples
    at two, for up to two ensembles."""
    figure_09: FigureOfFourEpochs = ABSENT
    """Figure 1 again, with every example in the color of the class that is most often predicted for
    it."""
    figure_10: FigureOfAllEpochs = ABSENT
    """The consistency score of every example against the epoch."""
    figure_11: FigureOfAllEpochs = ABSENT
    """Five examples that are learned in different ways, with their images."""
    moved_examples: FigureOfMovedExamples = ABSENT
    """The accuracy against the epoch on the easiest, random and hardest examples that were moved to
    the test set (the paper's section 3)."""
    robustness: FigureOfManyEnsembles = ABSENT
    """The bi-modality on the test set against the epoch for many ensembles (the paper's section 3
    and supplement C)."""
    noise: FigureOfNoise = ABSENT
    """How much networks disagree if they differ only in their initialization, their mini-batches or
    their dropout, and whether networks trained on disjoint halves of the train set learn the test
    examples in the same order."""
    gallery: FigureOfAllEpochs = ABSENT
    """The easiest, the hardest and the most disputed images of each class, and those on which
    nearly all networks agree on a label other than the given one."""
    metrics: FigureOfAllEpochs = ABSENT
    """The correlations of metrics of difficulty (forgetting, when learned, vote entropy, ...) over
    images, pooled and within classes."""


class StudyFile(Entry):
    """A study: one data set with all its ensembles and figures, in config/studies/NAME.yaml."""

    base: Name = ABSENT
    """Another study, whose keys this study has too. A key that is given here replaces the other
    study's; nested keys (for example ensembles) are merged, at every depth. `NAME: null` under
    ensembles, baselines or figures leaves out the other study's."""

    title: Text
    """The name of the study in figures and captions."""

    note: str = ""
    """A note for the readers of the claims page."""

    dataset: DatasetEntry
    """The images and their labels."""

    networks: Many = 100
    """The number of networks in each ensemble; they differ only in their seed. The paper trains
    100."""

    recipe: Recipe = Field(default_factory=Recipe)
    """How the networks are trained."""

    resources: Resources = Field(default_factory=Resources)
    """What a training job requests from a cluster. It does not change any result, and changing it
    trains nothing again. But networks_per_job determines which networks are in which file, so with
    another value scores and figures are made again."""

    ensembles: Annotated[dict[Name, EnsembleEntry], Field(min_length=1)]
    """The ensembles, each under a name of lower-case letters, digits and underscores (at most
    100)."""

    baselines: BaselinesEntry = Field(default_factory=BaselinesEntry)
    """The classifiers that the networks are compared with, from scikit-learn and on standardized
    pixels; `{}` gives a classifier its defaults."""

    figures: FiguresEntry = Field(default_factory=FiguresEntry)
    """The figures of the study: those of the paper by number, three about claims that the paper
    makes only in words (moved_examples, robustness, noise), and two that it does not have (gallery,
    metrics)."""
