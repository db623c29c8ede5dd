"""Every format, written as its own tool writes it, comes to the predictions it was made from."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

from created_equal.artefacts import definition_of, read_predictions
from created_equal.errors import InputError
from created_equal.exchange import example_table
from created_equal.exchange.import_predictions import import_predictions
from created_equal.exchange.others_logs import read_long_table
from created_equal.scores import score_ensemble

NETWORKS, EPOCHS, EXAMPLES, CLASSES = 3, 4, 10, 5


@pytest.fixture(scope="module")
def logits():
    """(network, epoch, example, class), no two equal."""
    shape = NETWORKS, EPOCHS, EXAMPLES, CLASSES
    return np.random.default_rng(0).normal(size=shape).round(4)


LABELS = np.arange(EXAMPLES) % CLASSES


def read(folder):
    (path,) = folder.glob("*.nc")
    return read_predictions(path)


def check(folder, logits, epochs):
    found = read(folder)
    np.testing.assert_array_equal(found["prediction"], logits.argmax(axis=-1))
    np.testing.assert_array_equal(found["label"], LABELS)
    assert found["epoch"].values.tolist() == list(epochs)
    assert found.attrs["classes"] == CLASSES
    scores = score_ensemble([*folder.glob("*.nc")])
    right = (logits.argmax(axis=-1) == LABELS).mean(axis=0)
    np.testing.assert_allclose(scores["n_right"] / len(logits), right)
    return found


def long_table(logits):
    predicted = logits.argmax(axis=-1)
    places = np.indices(predicted.shape).reshape(3, -1)
    table = pd.DataFrame(dict(zip(("seed", "epoch", "guid"), places, strict=True)))
    return table.assign(pred=predicted.ravel(), gold=LABELS[places[2]])


def write_cartography(logits, folder):
    for network, of_network in enumerate(logits):
        for epoch, of_epoch in enumerate(of_network):
            path = folder / f"model_{network}/training_dynamics/dynamics_epoch_{epoch}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            key = f"logits_epoch_{epoch}"
            records = {"guid": [f"a{n}" for n in range(EXAMPLES)], key: [*of_epoch], "gold": LABELS}
            table = pd.DataFrame(records)
            # Training shuffles.
            shuffled = table.iloc[np.random.default_rng(epoch).permutation(EXAMPLES)]
            shuffled = table if not network and not epoch else shuffled
            shuffled.to_json(path, lines=True, orient="records")


def write_aum(logits, folder, swapped):
    """As AUMCalculator does: values in target_logit, labels in target_val; or as its names say."""
    for network, of_network in enumerate(logits):
        rows = []
        for epoch, example in np.ndindex(EPOCHS, EXAMPLES):
            row, label = of_network[epoch, example], LABELS[example]
            other = max(set(range(CLASSES)) - {label}, key=lambda k: row[k])
            value, index = ("logit", "val") if swapped else ("val", "logit")
            rows.append(
                {
                    "sample_id": example,
                    "num_measurements": epoch + 1,
                    f"target_{value}": row[label],
                    f"target_{index}": label,
                    f"other_{value}": row[other],
                    f"other_{index}": other,
                    "margin": row[label] - row[other],
                    "aum": 0,
                }
            )
        (folder / f"run{network}").mkdir(parents=True)
        pd.DataFrame(rows).to_csv(folder / f"run{network}/full_aum_records.csv", index=False)


def test_cartography(logits, tmp_path, caplog):
    write_cartography(logits, tmp_path / "logs")
    import_predictions("cartography", tmp_path / "logs", tmp_path / "imported")
    found = check(tmp_path / "imported", logits, range(1, EPOCHS + 1))
    assert found["example_name"].values.tolist() == [f"a{n}" for n in range(EXAMPLES)]
    assert (found["example_split"] == "train").all()
    cannot_give = json.loads(found.attrs["cannot_give"])
    assert any("augmented" in sentence for sentence in cannot_give)
    assert "it has no test examples" in cannot_give
    assert all(sentence in caplog.text for sentence in cannot_give)
    assert definition_of(found)["imported"]["format"] == "cartography"


def test_a_file_of_cartography_without_records_is_named(logits, tmp_path):
    write_cartography(logits, tmp_path / "logs")
    (tmp_path / "logs/model_1/training_dynamics/dynamics_epoch_2.jsonl").write_text("")
    with pytest.raises(InputError, match=r"dynamics_epoch_2\.jsonl has no logits; write it again"):
        import_predictions("cartography", tmp_path / "logs", tmp_path / "imported")


@pytest.mark.parametrize("swapped", [True, False])
def test_aum(logits, tmp_path, swapped):
    write_aum(logits, tmp_path / "logs", swapped)
    import_predictions("aum", tmp_path / "logs", tmp_path / "imported", classes="5")
    check(tmp_path / "imported", logits, range(1, EPOCHS + 1))


def test_logits_are_read_from_a_map_of_the_file(logits, tmp_path, monkeypatch):
    np.save(tmp_path / "logits.npy", logits)
    np.save(tmp_path / "labels.npy", LABELS)
    load, modes = np.load, []
    monkeypatch.setattr(
        np, "load", lambda path, **how: modes.append(how["mmap_mode"]) or load(path, **how)
    )
    import_predictions("logits", tmp_path / "logits.npy", tmp_path / "imported", first_epoch=0)
    assert set(modes) == {"r"}
    check(tmp_path / "imported", logits, range(EPOCHS))


def test_logits_of_one_epoch_say_nothing_of_learning(logits, tmp_path):
    np.savez(tmp_path / "all.npz", logits=logits[:, -1], labels=LABELS)
    import_predictions("logits", tmp_path / "all.npz", tmp_path / "imported")
    found = check(tmp_path / "imported", logits[:, -1:], [1])
    assert any("one epoch" in each for each in json.loads(found.attrs["cannot_give"]))
    table = example_table(score_ensemble([*(tmp_path / "imported").glob("*.nc")]))
    assert "accessibility" not in table
    assert "vote_entropy" in table


def test_correctness_has_no_votes(logits, tmp_path):
    right = logits.argmax(axis=-1) == LABELS
    np.save(tmp_path / "right.npy", right)
    folder = tmp_path / "imported"
    import_predictions("correctness", tmp_path / "right.npy", folder, classes="5")
    scores = score_ensemble([*folder.glob("*.nc")])
    np.testing.assert_array_equal(scores["n_right"], right.sum(axis=0))
    assert not {"modal_label", "n_modal", "disagreement"} & {*scores}
    table = example_table(scores)
    assert not {"consensus", "vote_margin", "churn", "modal_label"} & {*table}
    assert {"accessibility", "forgetting", "consistency"} <= {*table}
    assert scores.attrs["correctness_only"] == 1
    assert "so all examples count as one class" in scores.attrs["cannot_give"]
    with pytest.raises(InputError, match="name them, or their number, with --classes"):
        import_predictions("correctness", tmp_path / "right.npy", tmp_path / "other")


def test_correctness_takes_the_labels_in_its_folder(logits, tmp_path):
    np.save(tmp_path / "right.npy", logits.argmax(axis=-1) == LABELS)
    np.save(tmp_path / "labels.npy", LABELS)
    import_predictions("correctness", tmp_path / "right.npy", tmp_path / "imported", classes="5")
    scores = score_ensemble([*(tmp_path / "imported").glob("*.nc")])
    np.testing.assert_array_equal(scores["label"], LABELS)
    assert "labels" not in scores.attrs["cannot_give"].replace("modal labels", "")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_long_table_in_any_order_with_any_of_the_usual_names(logits, tmp_path, suffix):
    path = tmp_path / f"log{suffix}"
    table = long_table(logits).sample(frac=1, random_state=0)
    (table.to_parquet if suffix == ".parquet" else table.to_csv)(path, index=False)
    import_predictions("table", path, tmp_path / "imported")
    found = check(tmp_path / "imported", logits, range(EPOCHS))
    assert found["example"].values.tolist() == list(range(EXAMPLES))


def test_partitions_and_categories_of_a_parquet_table_are_their_values(tmp_path):
    """As names, labels and networks from 10 on would come before 2."""
    n = 12
    rows = pd.DataFrame({"seed": np.repeat([2, 10], n), "epoch": 1, "id": [*range(n)] * 2})
    rows = rows.assign(pred=rows["id"], gold=rows["id"])
    rows[["pred", "gold"]] = rows[["pred", "gold"]].astype("category")
    path = tmp_path / "log.parquet"
    rows.to_parquet(path, partition_cols=["seed", "epoch"])
    import_predictions("table", path, tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["network"].values.tolist() == [2, 10]
    assert found["label"].values.tolist() == [*range(n)]
    assert (found["prediction"] == found["label"]).all()


def test_two_splits_that_count_as_test_may_not_have_the_same_examples(tmp_path):
    rows = {"split": ["validation", "test"], "id": [0, 0], "pred": [0, 1], "gold": [0, 1]}
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(InputError, match="example 0 in validation and in test, which both count a"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")


def test_the_named_index_of_a_long_table_is_one_of_its_columns(logits, tmp_path):
    long_table(logits).set_index(["guid", "seed"]).to_parquet(tmp_path / "log.parquet")
    import_predictions("table", tmp_path / "log.parquet", tmp_path / "imported")
    check(tmp_path / "imported", logits, range(EPOCHS))


def test_names_of_classes_and_their_order(logits, tmp_path):
    names = ["dog", "cat", "NA", "emu", "bee"]
    table = long_table(logits)
    table[["pred", "gold"]] = table[["pred", "gold"]].map(lambda label: names[label])
    table.to_csv(tmp_path / "log.csv", index=False)
    given = tmp_path / "given"
    import_predictions("table", tmp_path / "log.csv", given, classes=",".join(names))
    found = check(given, logits, range(EPOCHS))
    assert found["class_name"].values.tolist() == names
    import_predictions("table", tmp_path / "log.csv", tmp_path / "sorted")
    other = read(tmp_path / "sorted")
    assert other["class_name"].values.tolist() == sorted(names)
    with pytest.raises(InputError, match="none of the classes \u00b2; correct it"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "odd", classes="\u00b2")
    one, two = (score_ensemble([*each.glob("*.nc")]) for each in (given, tmp_path / "sorted"))
    for name in ("n_right", "n_modal", "vote_entropy", "forgetting"):
        np.testing.assert_array_equal(one[name], two[name])


def test_classes_may_differ_only_in_case_if_they_are_named(tmp_path):
    """As in EMNIST."""
    path = tmp_path / "log.csv"
    path.write_text("example,pred,gold\n0,A,A\n1,a,a\n2,a,A\n")
    import_predictions("table", path, tmp_path / "given", classes="A,a,B")
    found = read(tmp_path / "given")
    assert found["label"].values.tolist() == [0, 1, 0]
    assert found["prediction"].values.tolist() == [[[0, 1, 1]]]
    sentence = "the labels 'A' and 'a', which look alike; write both in one way, or name both with"
    with pytest.raises(InputError, match=sentence):
        import_predictions("table", path, tmp_path / "other")
    with pytest.raises(InputError, match="the labels 'a' and 'A', which look alike"):
        import_predictions("table", path, tmp_path / "other", classes="A,B")


def test_an_id_is_of_one_type_in_all_of_a_long_file(tmp_path):
    rows = 2**18
    (tmp_path / "log.csv").write_text("id,pred,gold\n" + "5,0,0\n" * rows + "5a,0,0\n")
    assert set(read_long_table(tmp_path / "log.csv")["example"]) == {"5", "5a"}


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("id,pred,gold,pred\n0,1,1,0\n1,0,0,1\n")
    with pytest.raises(InputError, match="several columns for the predicted: pred, pred; keep onl"):
        import_predictions("table", path, tmp_path / "imported")
    path.write_text("id,pred,gold,note,note,pred.1\n0,1,1,a,b,0\n1,0,0,a,b,1\n")
    import_predictions("table", path, tmp_path / "imported")
    assert read(tmp_path / "imported")["prediction"].values.tolist() == [[[1, 0]]]


def test_lists_are_no_examples(tmp_path):
    table = pd.DataFrame({"id": [[0, 1], [0, 2]], "pred": [0, 1], "gold": [0, 1]})
    table.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"log\.parquet has lists as examples; give each exampl"):
        import_predictions("table", tmp_path / "log.parquet", tmp_path / "imported")


@pytest.mark.parametrize("column", ["margin", "target_logit", "other_val"])
@pytest.mark.parametrize("rows", [0, 3])
def test_text_in_place_of_aum_s_numbers_is_named(logits, tmp_path, column, rows):
    write_aum(logits, tmp_path / "logs", swapped=True)
    file = tmp_path / "logs/run1/full_aum_records.csv"
    table = pd.read_csv(file).astype({column: object})
    table.loc[2, column] = "n/a"
    table[:rows].to_csv(file, index=False)
    with pytest.raises(InputError, match=r"column \w+ of .*run1/full_aum.* not of numbers only;"):
        import_predictions("aum", tmp_path / "logs", tmp_path / "imported")


def test_model_vs_human(tmp_path):
    rows = [
        {"subj": subj, "object_response": answer, "category": "cat", "imagename": image}
        for subj, answers in (("subject-01", ("cat", "dog")), ("resnet", ("dog", "dog")))
        for image, answer in zip(("a.png", "b.png"), answers, strict=True)
    ]
    pd.DataFrame(rows).assign(condition=0, rt=1).to_csv(tmp_path / "log.csv")
    import_predictions("model_vs_human", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["prediction"].values[:, 0].tolist() == [[1, 1], [0, 1]]
    assert found["example_name"].values.tolist() == ["a.png", "b.png"]


def test_images_of_model_vs_human_are_matched_without_trial_and_subject(tmp_path):
    """Rows of its data, cue conflict for people and for a network."""
    names = {
        "subject-01": ["0077_cl_s01_bw_cat_40_n02835271_12847.png", "0078_cl_s01_bw_dog_b1.png"],
        "resnet50": ["0077_cl_dnn_bw_cat_40_n02835271_12847.png", "1272_cl_dnn_bw_dog_b1.png"],
    }
    rows = [
        {"subj": subj, "object_response": "cat", "category": category, "imagename": image}
        for subj, images in names.items()
        for image, category in zip(images, ("cat", "dog"), strict=True)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv")
    import_predictions("model_vs_human", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["example_name"].values.tolist() == ["n02835271_12847.png", "b1.png"]
    assert found.sizes["network"] == 2


def test_a_missing_image_name_of_model_vs_human_is_said(tmp_path):
    columns = "subj,object_response,category,imagename"
    (tmp_path / "log.csv").write_text(f"{columns}\na,cat,cat,x.png\na,dog,cat,\n")
    with pytest.raises(InputError, match="has no example in 1 row, the first of which is row 2"):
        import_predictions("model_vs_human", tmp_path / "log.csv", tmp_path / "imported")


@pytest.mark.parametrize("number", [10**9, 10**12])
def test_a_huge_number_among_the_labels_is_named(tmp_path, number):
    (tmp_path / "log.csv").write_text(f"network,epoch,example,pred,label\n0,1,0,{number},0\n")
    with pytest.raises(InputError, match=f"has the label {number}, but labels are the whole num"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")


def test_examples_with_numbers_that_javascript_would_round_have_names(tmp_path):
    rows = [f"0,1,{2**60 + each},{each % 2},{each % 2}" for each in range(3)]
    text = "\n".join(["network,epoch,example,pred,label", *rows])
    (tmp_path / "log.csv").write_text(text)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["example"].values.tolist() == [0, 1, 2]
    assert found["example_name"].values.tolist() == [str(2**60 + each) for each in range(3)]


@pytest.mark.parametrize(
    ("ids", "positions", "names"),
    [
        (["1.1", "1.10", "2"], [0, 1, 2], ["1.1", "1.10", "2"]),
        (["007", "7", "8"], [0, 1, 2], ["007", "7", "8"]),
        (["007", "08", "9"], [7, 8, 9], None),
    ],
)
def test_ids_that_are_different_text_are_different_examples(tmp_path, ids, positions, names):
    rows = [f"1.0,1,{each},0,0\n1.00,1,{each},0,0\n" for each in ids]
    (tmp_path / "log.csv").write_text("".join(["seed,epoch,id,pred,label\n", *rows]))
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported", classes="2")
    found = read(tmp_path / "imported")
    assert found["example"].values.tolist() == positions and found.sizes["network"] == 2
    assert (found["example_name"].values.tolist() if names else None) == names


@pytest.mark.parametrize("column", ["gold", "pred"])
def test_values_of_a_regression_are_no_classes(logits, tmp_path, column):
    table = long_table(logits)
    table[column] = table[column] + 0.5
    table.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(InputError, match=r"label \d\.5; give whole numbers or names of classes"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")


@pytest.mark.parametrize("backend", ["pyarrow", "numpy_nullable"])
def test_parquet_with_other_types_of_pandas_is_read(logits, tmp_path, backend):
    table = long_table(logits)
    table.convert_dtypes(dtype_backend=backend).to_parquet(tmp_path / "log.parquet")
    import_predictions("table", tmp_path / "log.parquet", tmp_path / "imported")
    table.to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "other")
    assert read(tmp_path / "imported").equals(read(tmp_path / "other"))


def test_whole_numbers_that_are_stored_as_floats_are_positions(logits, tmp_path):
    table = long_table(logits)
    table.assign(guid=table["guid"].astype(float) * 3).to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert "example_name" not in found
    assert found["example"].values.tolist() == [3 * each for each in range(logits.shape[2])]


def with_value(column, row, value):
    def change(table):
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    "change, sentence",
    [
        (
            lambda t: t.drop(index=17),
            "no prediction of network 0 for example 7 after epoch 1; give",
        ),
        (lambda t: t.drop(index=[17, 18]), "epoch 1, and 1 more is missing; give"),
        (with_value("pred", 3, None), "no predicted in 1 row, the first of which is row 4"),
        (with_value("gold", 3, 0), "gives example 3 two labels"),
        (with_value("pred", 3, -1), "has the label -1, but labels are"),
        (with_value("pred", 3, "cat"), "names as predicted labels and numbers as labels"),
        (with_value("epoch", 3, 0.5), "the epoch 0.5; give whole numbers"),
        (with_value("epoch", 3, 1e20), "the epoch 1e+20; give whole numbers"),
        (with_value("epoch", 3, np.inf), "the epoch inf; give whole numbers"),
        (lambda t: t.assign(epoch=t["epoch"] > 1), "the epoch False; give whole numbers"),
        (
            lambda t: pd.concat([t, t.iloc[[5]].assign(pred=(t["pred"][5] + 1) % 5)]),
            "two predictions of network 0 for example 5 after epoch 0",
        ),
        (
            lambda t: t[~((t["seed"] == 2) & (t["epoch"] == 3))],
            "epochs 0, 1, 2, 3 of network 0, but 0, 1, 2 of network 2",
        ),
        (lambda t: t.drop(columns="gold"), "has no column for the label"),
        (lambda t: t.assign(index=0), "several columns for the example: guid, index"),
        (lambda t: t.assign(split="elsewhere"), "has the split elsewhere"),
        (lambda t: t.iloc[:0], "has no predictions"),
    ],
)
def test_a_broken_table_is_refused_in_one_sentence(logits, tmp_path, change, sentence):
    change(long_table(logits)).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(InputError) as raised:
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    assert sentence in str(raised.value)
    assert {path.name for path in tmp_path.iterdir()} == {"log.csv"}


def test_an_unknown_split_is_named_once_where_the_rows_of_a_file_share_an_index(logits, tmp_path):
    table = long_table(logits).assign(split="elsewhere")
    table.set_axis([0] * len(table)).to_parquet(tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"has the split elsewhere; write train or test\.$"):
        import_predictions("table", tmp_path / "log.parquet", tmp_path / "imported")


def test_rows_that_are_there_twice_count_once(logits, tmp_path, caplog):
    table = long_table(logits)
    pd.concat([table, table.iloc[:4]]).to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    check(tmp_path / "imported", logits, range(EPOCHS))
    assert "has 4 duplicate rows, which are ignored" in caplog.text


def test_numbers_with_more_than_63_bits_are_names(logits, tmp_path):
    table = long_table(logits)
    table["guid"] = [2**63 + 7 * number for number in table["guid"]]
    table["seed"] = [2**64 - 1 - number for number in table["seed"]]
    table.to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["example"].values.tolist() == list(range(EXAMPLES))
    names = [str(2**63 + 7 * number) for number in range(EXAMPLES)]
    assert found["example_name"].values.tolist() == names
    # As text, so the last seed is the first network.
    predicted = logits.argmax(axis=-1)[::-1]
    np.testing.assert_array_equal(found["prediction"], predicted)


def test_both_splits_may_count_from_zero(logits, tmp_path):
    table = long_table(logits)
    both = pd.concat([table.assign(split="val"), table.assign(split="train")])
    both.to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["example_split"].values.tolist() == ["train"] * EXAMPLES + ["test"] * EXAMPLES
    predicted = logits.argmax(axis=-1)
    np.testing.assert_array_equal(found["prediction"], np.tile(predicted, 2))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("logits", [np.nan, 0, 0, 0, 0]),
        ("logits", [np.inf] * CLASSES),
        ("logits", [-np.inf] * CLASSES),
        ("cartography", [np.nan, 0, 0, 0, 0]),
    ],
)
def test_a_logit_that_is_not_a_finite_number_is_named(logits, tmp_path, kind, values):
    bad = logits.copy()
    bad[1, 2, 7] = values
    if kind == "logits":
        np.savez(tmp_path / "log.npz", logits=bad, labels=LABELS)
        path, where = tmp_path / "log.npz", "network 1, epoch 6: it has a logit of example 7"
    else:
        write_cartography(bad, tmp_path / "logs")
        path, where = tmp_path / "logs", "a logit of example a7 that is infinite or not"
    with pytest.raises(InputError, match=where):
        import_predictions(kind, path, tmp_path / "imported", first_epoch=4)
    assert not (tmp_path / "imported").exists()


def test_classes_that_a_network_rules_out_have_infinite_logits(logits, tmp_path):
    masked = np.where(logits == logits.min(axis=-1, keepdims=True), -np.inf, logits)
    np.savez(tmp_path / "log.npz", logits=masked, labels=LABELS)
    import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported", first_epoch=0)
    check(tmp_path / "imported", logits, range(EPOCHS))


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_an_example_of_aum_without_a_finite_logit_is_named(logits, tmp_path, value):
    bad = logits.copy()
    bad[1, 2, 7] = value
    with np.errstate(invalid="ignore"):
        write_aum(bad, tmp_path / "logs", swapped=False)
    with pytest.raises(InputError, match="a logit of example 7 that is infinite or not a number"):
        import_predictions("aum", tmp_path / "logs", tmp_path / "imported")


def test_a_table_with_semicolons_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("network;epoch;example;predicted\n0;1;0;2\n0;1;1;0\n")
    with pytest.raises(InputError, match=r"log\.csv has semicolons between its columns, and"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")


def test_a_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("network,epoch,example,predicted\n0,1,0,2\n", "utf-16")
    with pytest.raises(InputError, match=r"cannot be read as a table .*; write it as CSV in UTF-8"):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")


def test_labels_that_do_not_fit(logits, tmp_path):
    np.savez(tmp_path / "log.npz", logits=logits, labels=LABELS[:-1])
    with pytest.raises(InputError, match=r"the shape \(9,\), but there are 10 examples"):
        import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported")
    np.savez(tmp_path / "log.npz", logits=logits, labels=LABELS + 1)
    with pytest.raises(InputError, match="from 1 to 5, but there are 5 classes"):
        import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object))
    np.savez(tmp_path / "pickled.npz", logits=logits, names=np.array([{}], dtype=object))
    for name in ("pickled.npy", "pickled.npz"):
        with pytest.raises(InputError, match="without objects"):
            import_predictions("logits", tmp_path / name, tmp_path / "imported")
    np.savez(tmp_path / "log.npz", logits=logits, labels=np.array([*"abcdefghij"]))
    with pytest.raises(InputError, match="are <U1; give whole numbers from 0 to 4"):
        import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported")


def test_more_classes_than_labels_can_tell_apart(tmp_path):
    logits = np.zeros((2, 2**15 + 1), dtype=np.float16)
    np.savez(tmp_path / "log.npz", logits=logits, labels=np.array([0, 2**15]))
    with pytest.raises(InputError, match="there are 32,769 classes"):
        import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported")
    assert {path.name for path in tmp_path.iterdir()} == {"log.npz"}
    np.savez(tmp_path / "log.npz", logits=logits[:, 1:], labels=np.array([0, 2**15 - 1]))
    import_predictions("logits", tmp_path / "log.npz", tmp_path / "imported")
    found = read(tmp_path / "imported")
    assert found["label"].values.tolist() == [0, 2**15 - 1]
    assert found["accuracy"].sel(split="test").values.tolist() == [[0.5]]


def test_a_folder_with_something_in_it_is_left_alone(logits, tmp_path):
    np.savez(tmp_path / "log.npz", logits=logits, labels=LABELS)
    with pytest.raises(InputError, match="exists already; name a new folder"):
        import_predictions("logits", tmp_path / "log.npz", tmp_path)


@pytest.mark.parametrize(("first", "given"), [(0, None), (0, 1), (0, 0), (1, None)])
def test_a_table_that_may_count_trained_epochs_from_zero(tmp_path, caplog, first, given):
    rows = {"epoch": [first, first + 1], "id": [7, 7], "pred": [0, 1], "gold": [1, 1]}
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported", first_epoch=given)
    is_unclear = (first, given) == (0, None)
    assert ("if it is the first trained epoch, give --first-epoch 1" in caplog.text) == is_unclear


def test_labels_that_may_count_from_one(logits, tmp_path, caplog):
    table = long_table(logits)
    table[["pred", "gold"]] += 1
    table.to_csv(tmp_path / "log.csv", index=False)
    with caplog.at_level(logging.WARNING):
        import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    assert "if its labels count from 1" in caplog.text


def test_a_table_whose_column_of_epochs_has_another_name(tmp_path, caplog):
    """The rows of both steps contradict one another, as long as they are of one epoch."""
    rows = {"step": [1, 2], "id": [7, 7], "pred": [0, 1], "gold": [1, 1]}
    path = tmp_path / "log.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    with pytest.raises(InputError, match="has two predictions of network 0 for example 7 after ep"):
        import_predictions("table", path, tmp_path / "imported")
    assert "has no column for the epoch (epoch, epochs, num_measurements), so all" in caplog.text
    assert caplog.text.count("if one of these has it, rename it: step") == 2
    caplog.clear()
    pd.DataFrame(rows).drop(columns="step")[1:].to_csv(path, index=False)
    import_predictions("table", path, tmp_path / "imported")
    assert "has no column" not in caplog.text
