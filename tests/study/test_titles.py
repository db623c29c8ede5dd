import pytest

from created_equal.study import title_of


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("st_vgg", "st-VGG"),
        ("small_st_vgg", "small st-VGG"),
        ("linear_st_vgg", "linear st-VGG"),
        ("mnist_cnn", "MNIST CNN"),
        ("random_labels", "random labels"),
        ("variation_learning_rate_0_002", "with learning rate 0.002"),
        ("variation_adam", "with Adam"),
        ("variation_batch_size_40", "with batch size 40"),
        ("resnet50", "resnet50"),
        ("k_nearest_neighbours", "k nearest neighbours"),
        ("svm", "SVM"),
    ],
)
def test_titles_are_as_people_write_them(name: str, title: str) -> None:
    assert title_of(name) == title
