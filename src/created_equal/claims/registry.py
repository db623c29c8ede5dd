"""The registry of the paper's claims: each sentence with the statistic that tests it."""

from collections.abc import Mapping
from functools import partial

from created_equal.claims import measures
from created_equal.claims.claim import Claim, above, at_least, at_most, below, within
from created_equal.scores import LEAST_FIT, MIDDLE, UNIFORM
from created_equal.study import EACH

WHERE_IT_TELLS = f"while the mean consistency is within {MIDDLE[0]:g} and {MIDDLE[1]:g}"
READINGS = {
    "lowest": f"lowest bi-modality from epoch 1 on {WHERE_IT_TELLS}",
    "mean over phase 3": "bi-modality, mean over phase 3",
    "final": "bi-modality at the last epoch",
}
SUPPLEMENT_C = {
    "small_mammals": 100,
    "mnist/mnist_cnn": 100,
    "cifar10/st_vgg": 100,
    "cifar10/vgg16": 20,
    "cifar100/st_vgg": 100,
    "cifar100/vgg16": 20,
    "tiny_imagenet/st_vgg": 100,
    "aquatic_mammals/st_vgg": 100,
    "insects/st_vgg": 100,
    "household_furniture/st_vgg": 100,
    "imagenet/resnet50": 27,
    "imagenet/alexnet": 22,
    "imagenet/densenet121": 7,
}
"""The paper's N by study and ensemble; all of its experiments on small mammals have the same."""
IMAGENET = ("imagenet",)
INDEPENDENT, SHUFFLED, MEANS = "independent_networks", "shuffled_within_class", "class_means"


def _diversity() -> list[Claim]:
    section = "3 Diversity in a single architecture"
    of_figure_01 = ("figure_01.ensemble",)
    return [
        *(
            Claim(
                id=f"abstract_unanimous_{split}",
                section=section,
                where="abstract and section 1",
                sentence="More often than not an example is classified correctly by all the "
                "networks, or by none.",
                statistic="share of examples with a consistency of 0 or 1, median over epochs "
                f">= 1, {split} set",
                roles=of_figure_01,
                measure=partial(measures.share_unanimous, split=split),
                accepted=above(0.5),
                nulls=(INDEPENDENT,),
                networks=SUPPLEMENT_C,
            )
            for split in ("train", "test")
        ),
        Claim(
            id="figure_01a_untrained_mean",
            section=section,
            where="Fig 1a",
            sentence="Untrained networks are right as often as by chance, 0.2 of 5 classes.",
            statistic="mean consistency at epoch 0, test set",
            roles=of_figure_01,
            measure=partial(measures.accuracy, epoch=0),
            accepted=within(0.2, 0.02),
            nulls=(INDEPENDENT,),
            paper=0.2,
            elsewhere=False,
        ),
        Claim(
            id="figure_01a_untrained_at_chance",
            section=section,
            where="section 3, phase i",
            sentence="Untrained networks are right as often as by chance.",
            statistic="mean consistency at epoch 0 less 1/K, test set",
            roles=of_figure_01,
            measure=partial(measures.accuracy, epoch=0, less_chance=True),
            accepted=within(0, 0.02),
            nulls=(INDEPENDENT,),
        ),
        *_phases(section),
        Claim(
            id="figure_01d_end",
            section=section,
            where="Fig 1d, phase iv",
            sentence="In the end all networks are right about nearly all of the train set.",
            statistic="mean train accuracy at the last epoch",
            roles=of_figure_01,
            measure=partial(measures.accuracy, split="train"),
            accepted=at_least(0.95),
            nulls=(MEANS,),
        ),
        Claim(
            id="figure_02_bimodality",
            section=section,
            where="Fig 2",
            sentence="The test set is bi-modal through the learning of another architecture.",
            statistic=f"{READINGS['mean over phase 3']}, test set",
            roles=("figure_02.ensemble",),
            measure=measures.bimodality,
            accepted=below(UNIFORM),
            nulls=(INDEPENDENT,),
            networks=SUPPLEMENT_C,
        ),
        Claim(
            id="figure_03_consensus_rises",
            section=section,
            where="Fig 3",
            sentence="The networks agree more and more, right or wrong.",
            statistic="Spearman's correlation of mean consensus with the epoch, test set",
            roles=("figure_03.ensemble",),
            measure=measures.consensus_rises,
            accepted=above(0.8),
            nulls=(INDEPENDENT,),
        ),
        *_moved(section),
    ]


def _phases(section: str) -> list[Claim]:
    tests = (
        (
            "01a_initialisation",
            "Fig 1a, phase i",
            "Before learning, consistency has one peak, at chance",
            f"bi-modality at epoch 0 ({UNIFORM:g}: uniform)",
            partial(measures.bimodality_in_phase, phase="initialisation"),
            at_least(UNIFORM),
        ),
        (
            "01b_beginning",
            "Fig 1b, phase ii",
            "At the beginning of learning most examples fall below chance",
            "share of examples with a consistency below 1/K",
            measures.share_below_chance,
            above(0.5),
        ),
        (
            "01c_bimodality",
            "Fig 1c, phase iii",
            "Then each example is right in nearly all networks or in nearly none",
            f"bi-modality at the epoch of phase 3 ({UNIFORM:g}: uniform)",
            partial(measures.bimodality_in_phase, phase="bi-modality"),
            below(UNIFORM),
        ),
    )
    return [
        Claim(
            id=f"figure_{name}_{split}",
            section=section,
            where=where,
            sentence=f"{sentence}.",
            statistic=f"{statistic}, {split} set",
            roles=("figure_01.ensemble",),
            measure=partial(measure, split=split),
            accepted=accepted,
            nulls=(INDEPENDENT,),
        )
        for name, where, sentence, statistic, measure, accepted in tests
        for split in ("train", "test")
    ]


def _moved(section: str) -> list[Claim]:
    at_epoch = [
        ("easiest", "epoch_1", 1, 1.0, at_least(0.95), "are all right after one epoch"),
        ("hardest", "epoch_1", 1, 0.08, at_most(0.12), "are mostly wrong after one epoch"),
        ("hardest", "end", -1, 0.0, at_most(0.03), "are all wrong in the end"),
    ]
    claims = [
        Claim(
            id=f"moved_{which}_{when}",
            section=section,
            where="section 3, robustness",
            sentence=f"The {which} 2.5 % of the train set, moved to the test set, {what}.",
            statistic=f"accuracy on them, {'epoch 1' if epoch == 1 else 'last epoch'}",
            roles=(f"moved_examples.{which}",),
            measure=partial(measures.moved_accuracy, epoch=epoch),
            accepted=accepted,
            nulls=(SHUFFLED, MEANS),
            paper=paper,
            elsewhere=False,
        )
        for which, when, epoch, paper, accepted, what in at_epoch
    ]
    directions = [
        ("easiest", "stay easier than the test set", above(0)),
        ("hardest", "stay harder than the test set", below(0)),
        ("random", "are learnt as the test set is", within(0, 0.06)),
    ]
    claims += [
        Claim(
            id=f"moved_{which}_less_test",
            section=section,
            where="section 3, robustness",
            sentence=f"The {which} train examples, moved to the test set, {what}.",
            statistic="accuracy on them less that on the original test set, mean over epochs >= 1",
            roles=("moved_examples.ensemble", f"moved_examples.{which}"),
            measure=measures.moved_less_test,
            accepted=accepted,
            nulls=(SHUFFLED, MEANS),
        )
        for which, what, accepted in directions
    ]
    return claims


def _architectures() -> list[Claim]:
    section = "4.1 Comparing architectures"
    both = ("figure_04.ensembles", "figure_04.ensembles:1")
    r = "Pearson's r of accessibility, test set"
    claims = [
        Claim(
            id="figure_04a_split_halves",
            section=section,
            where="Fig 4a",
            sentence="Two halves of an ensemble learn the examples in the same order.",
            statistic=f"{r}, even against odd networks",
            roles=both[:1],
            measure=measures.halves_correlate,
            accepted=at_least(0.98),
            nulls=(INDEPENDENT, SHUFFLED),
            paper=0.99,
            networks=26,
            studies=IMAGENET,
        ),
        Claim(
            id="figure_04b_two_architectures",
            section=section,
            where="Fig 4b",
            sentence="Two architectures of different strength learn them in the same order.",
            statistic=r,
            roles=both,
            measure=measures.ensembles_correlate,
            accepted=at_least(0.85),
            nulls=(INDEPENDENT, SHUFFLED, MEANS),
            paper=0.87,
            networks=22,
            studies=IMAGENET,
        ),
    ]
    for letter, when, late in (("c", "an early", False), ("d", "a late", True)):
        claims += [
            Claim(
                id=f"figure_04{letter}_corners",
                section=section,
                where=f"Fig 4{letter}",
                sentence=f"At {when} pair of epochs of equal accuracy, both architectures are "
                "right, or both wrong, about the same examples.",
                statistic="the emptier of the corners (0, 0) and (1, 1) over the median cell of "
                "the joint distribution of consistency, test set",
                roles=both,
                measure=partial(measures.corners, late=late),
                accepted=at_least(10),
                nulls=(INDEPENDENT, SHUFFLED, MEANS),
                paper=10,
                networks=22,
                studies=IMAGENET,
            ),
            Claim(
                id=f"figure_04{letter}_diagonal",
                section=section,
                where=f"Fig 4{letter}",
                sentence=f"At {when} pair of epochs of equal accuracy, examples on which the "
                "networks of one are divided divide those of the other alike.",
                statistic="mean cell of the diagonal, without its corners, over the mean cell "
                "beside it, test set",
                roles=both,
                measure=partial(measures.diagonal, late=late),
                accepted=above(1),
                nulls=(INDEPENDENT, SHUFFLED, MEANS),
                networks=22,
            ),
        ]
    errors = (("resnet", "", 0.24, 27), ("alexnet", ":1", 0.45, 22))
    claims += [
        Claim(
            id=f"section_4_1_{name}_accuracy",
            section=section,
            where="section 4.1",
            sentence=f"The top-1 error of {name} on ImageNet is {error}.",
            statistic="mean test accuracy at the last epoch",
            roles=(f"figure_04.ensembles{place}",),
            measure=measures.accuracy,
            accepted=within(round(1 - error, 2), 0.02),
            nulls=(MEANS,),
            paper=round(1 - error, 2),
            networks=networks,
            studies=IMAGENET,
            elsewhere=False,
        )
        for name, place, error, networks in errors
    ]
    return claims


def _linear() -> list[Claim]:
    section = "4.2 Linear networks"
    both = ("figure_05.ensemble", "figure_05.linear")
    claims = [
        Claim(
            id=f"figure_05{letter}_linear_right",
            section=section,
            where=f"Fig 5{letter}",
            sentence="What linear networks get right, non-linear ones get right more often than "
            f"other examples, at {when}.",
            statistic="P(non-linear right | linear right) - P(non-linear right), by majority, "
            "test set",
            roles=both,
            measure=partial(measures.right_where_right, last=last),
            accepted=above(0),
            nulls=(SHUFFLED, MEANS),
        )
        for letter, when, last in (
            ("a", "the beginning of learning", False),
            ("b", "its end", True),
        )
    ]
    accuracies = (
        ("non_linear", both[0], "st-VGG reaches a test accuracy of 0.56.", 0.56, 0.02),
        ("linear", both[1], "Linear st-VGG reaches a test accuracy of 0.43.", 0.43, 0.03),
    )
    claims += [
        Claim(
            id=f"section_4_2_{name}_accuracy",
            section=section,
            where="section 4.2",
            sentence=sentence,
            statistic="mean test accuracy at the last epoch",
            roles=(role,),
            measure=measures.accuracy,
            accepted=within(paper, tolerance),
            nulls=(MEANS,),
            paper=paper,
            elsewhere=False,
        )
        for name, role, sentence, paper, tolerance in accuracies
    ]
    claims.append(
        Claim(
            id="section_4_2_linear_is_weaker",
            section=section,
            where="section 4.2",
            sentence="Linear networks are less accurate than non-linear ones.",
            statistic="test accuracy of linear less that of non-linear networks, last epoch",
            roles=both,
            measure=measures.accuracy_difference,
            accepted=below(0),
            nulls=(MEANS,),
        )
    )
    claims += [
        Claim(
            id=f"section_4_2_linear_more_bimodal_{split}",
            section=section,
            where="Fig 5c",
            sentence="Linear networks are even more bi-modal than non-linear ones.",
            statistic="bi-modality of linear less that of non-linear networks, mean over phase 3, "
            f"{split} set",
            roles=both,
            measure=partial(measures.bimodality_difference, split=split),
            accepted=below(0),
            nulls=(INDEPENDENT,),
        )
        for split in ("test", "train")
    ]
    numbers = (
        ("non_linear", both[0], "st-VGG's consistency is bi-modal", 0.22, within(0.22, 0.1)),
        ("linear", both[1], "linear st-VGG's consistency is bi-modal", 0.055, at_most(0.1)),
    )
    claims += [
        Claim(
            id=f"section_4_2_{name}_bimodality_{over.split()[0]}_{split}",
            section=section,
            where="section 4.2",
            sentence=f"Pearson's measure says that {what} (the paper names no epoch and no split; "
            f"one of six readings: {READINGS[over]}, {split} set).",
            statistic=f"{READINGS[over]}, {split} set",
            roles=(role,),
            measure=partial(measures.bimodality, split=split, over_epochs=over),
            accepted=accepted,
            nulls=(INDEPENDENT,),
            paper=paper,
            elsewhere=False,
        )
        for name, role, what, paper, accepted in numbers
        for split in ("test", "train")
        for over in READINGS
    ]
    return claims


def _paradigms() -> list[Claim]:
    section = "5 Other learning paradigms"
    both = ("figure_06.ensemble", "figure_06.baseline")
    nulls = (SHUFFLED, MEANS)
    level = "accuracy of AdaBoost on the {} third less that on all, mean over k, test set"
    rise = "rise of AdaBoost's accuracy on the {} third from k = 1 to the last, test set"
    groups = (
        ("easy", "high", "right about easy examples more than others", level, above(0)),
        ("easy", "flat", "no better at easy examples with more learners", rise, within(0, 0.05)),
        ("intermediate", "rises", "better at intermediate examples with more", rise, above(0)),
        ("hard", "low", "right about hard examples less than others", level, below(0)),
        ("hard", "falls", "worse at hard examples with more learners", rise, below(0)),
    )
    claims = [
        Claim(
            id=f"figure_06a_{group}_{what}",
            section=section,
            where="Fig 6a",
            sentence=f"AdaBoost is {sentence}.",
            statistic=statistic.format(group),
            roles=both,
            measure=partial(
                measures.boosting_level if statistic is level else measures.boosting_rise,
                group=group,
            ),
            accepted=accepted,
            nulls=nulls,
        )
        for group, what, sentence, statistic, accepted in groups
    ]
    claims.append(
        Claim(
            id="section_5_boosting_improves",
            section=section,
            where="section 5",
            sentence="AdaBoost is better with more learners.",
            statistic="rise of AdaBoost's accuracy from k = 1 to the last, test set",
            roles=both[1:],
            measure=measures.boosting_improvement,
            accepted=above(0),
            nulls=(MEANS,),
            networks=None,
        )
    )
    correlations = (
        ("bins", "between 40 bins", measures.bins_correlate, at_least(0.75), 0.83),
        # The paper's r has the p of about 40 points: it is no number of examples.
        ("examples", "per example", measures.ensembles_correlate, at_least(0.4), None),
    )
    claims += [
        Claim(
            id=f"figure_06b_{name}",
            section=section,
            where="Fig 6b",
            sentence=f"What is difficult for AdaBoost is difficult for networks, {how}.",
            statistic=f"Pearson's r of AdaBoost's accuracy over k with accessibility, {how}, "
            "test set",
            roles=both,
            measure=measure,
            accepted=accepted,
            nulls=(INDEPENDENT, *nulls),
            paper=paper,
        )
        for name, how, measure, accepted, paper in correlations
    ]
    accuracies = {
        "svm": (0.48, 0.02),
        "k_nearest_neighbours": (0.36, 0.02),
        "perceptron": (0.35, 0.05),
        "decision_tree": (0.31, 0.02),
        "random_forest": (0.48, 0.02),
        "gaussian_naive_bayes": (0.38, 0.02),
    }
    claims += [
        Claim(
            id=f"figure_07_{name}_accuracy",
            section=section,
            where="section 5",
            sentence=f"The test accuracy of the {name.replace('_', ' ')} is {number}.",
            statistic="test accuracy, mean over random states",
            roles=(f"figure_07.baselines:{name}",),
            measure=measures.accuracy,
            accepted=within(number, tolerance),
            nulls=(MEANS,),
            paper=number,
            networks=None,
            elsewhere=False,
        )
        for name, (number, tolerance) in accuracies.items()
    ]
    classifiers = ("figure_07.ensemble", f"figure_07.baselines:{EACH}")
    claims.append(
        Claim(
            id="figure_07_weaker",
            section=section,
            where="section 5",
            sentence="The classifier is less accurate than the networks.",
            statistic="test accuracy of the classifier less that of the networks, last epoch",
            roles=classifiers,
            measure=measures.accuracy_difference,
            accepted=below(0),
            nulls=(MEANS,),
        )
    )
    claims += [
        Claim(
            id=f"figure_07_easier_{when}",
            section=section,
            where="Fig 7",
            sentence="The classifier is right more often where the networks are right than where "
            f"they are wrong, at {words}.",
            statistic="accuracy where the networks' majority is right less that where it is "
            "wrong, test set",
            roles=classifiers,
            measure=partial(measures.easier_for_both, last=last),
            accepted=above(0),
            nulls=nulls,
        )
        for when, words, last in (
            ("beginning", "the beginning of learning", False),
            ("end", "its end", True),
        )
    ]
    return claims


def _breakdown() -> list[Claim]:
    section = "6 Where the pattern breaks down"
    random, hard = ("figure_08.random_labels",), ("figure_08.hard",)
    return [
        Claim(
            id="figure_08_train_accuracy",
            section=section,
            where="section 6, random labels",
            sentence="Networks without dropout learn random labels by heart.",
            statistic="highest mean train accuracy",
            roles=random,
            measure=partial(measures.accuracy, split="train", highest=True),
            accepted=at_least(0.99),
            nulls=(MEANS,),
            paper=1.0,
        ),
        *_never_bimodal(
            section,
            "figure_08_minimum",
            "section 6, random labels",
            "With random labels",
            random,
            {"train": 1.07, "test": 1.35},
        ),
        Claim(
            id="figure_08b_centre",
            section=section,
            where="Fig 8b",
            sentence="With random labels the train set's scores are centred near 0.8 (that they "
            "have one peak, is for figure_08_minimum_train to say).",
            statistic=f"mean consistency at the epoch of the {READINGS['lowest']}, train set",
            roles=random,
            measure=measures.centre,
            accepted=within(0.8, 0.1),
            nulls=(INDEPENDENT,),
            paper=0.8,
            elsewhere=False,
        ),
        Claim(
            id="figure_08_test_at_chance",
            section=section,
            where="section 6, random labels",
            sentence="What is learnt of random labels is of no use on the test set.",
            statistic="mean test accuracy at the last epoch less 1/K",
            roles=random,
            measure=partial(measures.accuracy, less_chance=True),
            accepted=within(0, 0.05),
            nulls=(MEANS,),
        ),
        Claim(
            id="figure_08d_hard_accuracy",
            section=section,
            where="section 6, hard problem",
            sentence="Trained on the hardest fifth, the test accuracy falls from 0.56 to 0.30.",
            statistic="mean test accuracy at the last epoch",
            roles=hard,
            measure=measures.accuracy,
            accepted=within(0.3, 0.04),
            nulls=(MEANS,),
            paper=0.3,
            elsewhere=False,
        ),
        Claim(
            id="figure_08d_random_accuracy",
            section=section,
            where="section 6, hard problem",
            sentence="Trained on a random fifth, the test accuracy only falls to 0.47.",
            statistic="mean test accuracy at the last epoch",
            roles=("figure_08.random",),
            measure=measures.accuracy,
            accepted=within(0.47, 0.03),
            nulls=(MEANS,),
            paper=0.47,
            elsewhere=False,
        ),
        Claim(
            id="figure_08d_gap",
            section=section,
            where="section 6, hard problem",
            sentence="Without easy examples less is learnt than with as many random ones.",
            statistic="test accuracy trained on the random part less that on the hard part, last "
            "epoch",
            roles=(*hard, "figure_08.random"),
            measure=measures.accuracy_difference,
            accepted=at_least(0.1),
            nulls=(MEANS,),
            paper=0.17,
        ),
        *_never_bimodal(
            section,
            "figure_08d_not_bimodal",
            "Fig 8d",
            "Without easy examples",
            hard,
            {"train": None, "test": None},
        ),
    ]


def _never_bimodal(
    section: str,
    name: str,
    where: str,
    when: str,
    roles: tuple[str, ...],
    papers: Mapping[str, float | None],
) -> list[Claim]:
    """Return a claim for each split, with the paper's number on it."""
    return [
        Claim(
            id=f"{name}_{split}",
            section=section,
            where=where,
            sentence=f"{when} consistency is bi-modal at no epoch.",
            statistic=f"{READINGS['lowest']}, {split} set",
            roles=roles,
            measure=partial(measures.bimodality, split=split, over_epochs="lowest"),
            accepted=at_least(UNIFORM),
            nulls=(INDEPENDENT,),
            paper=paper,
        )
        for split, paper in papers.items()
    ]


def _supplement() -> list[Claim]:
    section = "Supplement C"
    bimodal = f"{READINGS['mean over phase 3']}, test set"
    return [
        Claim(
            id="figure_09_two_classes",
            section=section,
            where="Fig 9",
            sentence="At first only images of 2 classes reach a consistency of 1.",
            statistic="labels at consistency 1 when 1 % of the train set first has it",
            roles=("figure_09.ensemble",),
            measure=measures.labels_at_one,
            accepted=within(2, 0),
            nulls=(INDEPENDENT,),
            paper=2,
            elsewhere=False,
        ),
        Claim(
            id="figure_09_more_classes",
            section=section,
            where="Fig 9",
            sentence="More classes reach a consistency of 1 later.",
            statistic="labels at consistency 1 at the end less those at first, train set",
            roles=("figure_09.ensemble",),
            measure=partial(measures.labels_at_one, more_at_end=True),
            accepted=above(0),
            nulls=(INDEPENDENT,),
        ),
        Claim(
            id="figure_11_patterns",
            section=section,
            where="Fig 11",
            sentence="There are examples of five patterns of learning.",
            statistic=f"patterns that some example fits by at least {LEAST_FIT}",
            roles=("figure_11.ensemble",),
            measure=measures.patterns,
            accepted=at_least(5),
            nulls=(INDEPENDENT,),
            paper=5,
        ),
        Claim(
            id="supplement_c_data_set",
            section=section,
            where="Supplement C",
            sentence="On every data set consistency is bi-modal in phase 3.",
            statistic=bimodal,
            roles=("figure_01.ensemble",),
            measure=measures.bimodality,
            accepted=below(UNIFORM),
            nulls=(INDEPENDENT,),
            networks=SUPPLEMENT_C,
        ),
        Claim(
            id="supplement_c_robustness",
            section=section,
            where="section 3 and supplement C",
            sentence="Consistency is bi-modal in phase 3 whatever the hyper-parameters.",
            statistic=bimodal,
            roles=(f"robustness.ensembles:{EACH}",),
            measure=measures.bimodality,
            accepted=below(UNIFORM),
            nulls=(INDEPENDENT,),
            networks=SUPPLEMENT_C,
        ),
        Claim(
            id="supplement_c_pair",
            section=section,
            where="Supplement C",
            sentence="Any two architectures learn a data set in the same order.",
            statistic="Pearson's r of accessibility, test set",
            roles=("figure_04.ensembles", "figure_04.ensembles:1"),
            measure=measures.ensembles_correlate,
            accepted=above(0.8),
            nulls=(INDEPENDENT, SHUFFLED, MEANS),
            networks=SUPPLEMENT_C,
        ),
        Claim(
            id="supplement_a_mnist_accuracy",
            section=section,
            where="Supplement A",
            sentence="On MNIST the networks reach an accuracy above 0.99.",
            statistic="mean test accuracy at the last epoch",
            roles=("figure_01.ensemble",),
            measure=measures.accuracy,
            accepted=above(0.99),
            nulls=(MEANS,),
            paper=0.99,
            studies=("mnist",),
            elsewhere=False,
        ),
    ]


CLAIMS = (
    *_diversity(),
    *_architectures(),
    *_linear(),
    *_paradigms(),
    *_breakdown(),
    *_supplement(),
)
