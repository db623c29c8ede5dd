"""The whole workflow on the smoke study, in a copy of the repository, as a user runs it."""

import csv
import json
import os
import re
import shutil
from contextlib import ExitStack

import pytest
from commands import (
    copy_of_repository,
    created_equal,
    failure,
    jobs,
    python,
    snakemake,
    succeeds,
)
from data import edited, write_study

from created_equal.study import FIGURES

PARTIAL = """
title: Two figures that cannot be
dataset: {source: digits, size: 16, train_examples: 100, test_examples: 100}
recipe: {epochs: 6, batch_size: 20, learning_rate: 0.1}
ensembles:
  st_vgg: {architecture: st_vgg, width: 0.25}
  small_st_vgg: {architecture: small_st_vgg, width: 0.25}
figures:
  figure_01: {ensemble: st_vgg}
  figure_04: {ensembles: [st_vgg, small_st_vgg]}
  figure_05: {ensemble: st_vgg, linear: linear_st_vgg}
"""


# So small a step that no weight of single precision changes, however the processor rounds.
STUCK = """
title: Networks that cannot learn
dataset: {source: digits, size: 16, train_examples: 100, test_examples: 100}
networks: 2
recipe: {epochs: 3, batch_size: 50, learning_rate: 1.0e-30}
ensembles:
  st_vgg: {architecture: st_vgg, width: 0.125}
figures:
  figure_03: {ensemble: st_vgg, epochs: [0, 1, 2, 3]}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A repository in which the smoke study has been built and reported."""
    folder = copy_of_repository(tmp_path_factory.mktemp("workflow"))
    said = succeeds(folder, "--config", "studies=smoke")
    pages = "claims in results/smoke/claims.html, images in results/smoke/st_vgg/explorer.html"
    assert f"created-equal: figures in paper_figures/smoke, {pages}\n" in said
    succeeds(folder, "--config", "studies=smoke", "--report", "report.html")
    return folder


SMOKE = ("--config", "studies=smoke")
STUDY = "config/studies/smoke.yaml"


def test_every_figure_is_rendered_in_three_formats(built):
    names = {path.name for path in (built / "paper_figures/smoke").iterdir()}
    pages = [*FIGURES, "cross_dataset"]
    drawn = {f"{page}.{kind}" for page in pages for kind in ("pdf", "svg", "png")}
    assert names == {*drawn, "gallery.csv", "metrics.csv"}


def test_report_shows_every_figure_with_its_caption(built):
    report = (built / "report.html").read_text()
    assert all(f"{figure}.svg" in report for figure in (*FIGURES, "cross_dataset"))
    # What Snakemake leaves in place of a caption that cannot be rendered.
    assert "snakemake.wildcards" not in report
    assert "snakemake.params" not in report


def test_kept_scores_are_shown_without_training(built, tmp_path):
    """In another clone, with the scores, and with the predictions of st_vgg alone."""
    assert created_equal(built, "keep_predictions", "smoke", "st_vgg").returncode == 0
    assert "st_vgg: 4 networks" in created_equal(built, "keep_scores", "smoke").stdout
    folder = copy_of_repository(tmp_path)
    shutil.move(built / "reference/smoke", folder / "reference/smoke")
    reference = ("--config", "studies=smoke", "scores=reference")
    planned = jobs(succeeds(folder, *reference, "--dry-run"))
    assert set(planned) == {
        *("all", "build_dataset", "fit_baseline", "check_claims", "render_cross_dataset"),
        *("explore_ensemble", "tabulate_examples"),
        *(f"render_{figure}" for figure, needs in FIGURES.items() if not needs.predictions),
    }
    refusal = failure(snakemake(folder, "paper_figures/smoke/noise.pdf", *reference))
    assert "figures.noise needs the predictions of only_dropout, which do not come" in refusal
    figures = ("figure_08", "moved_examples")
    targets = [f"paper_figures/smoke/{figure}.pdf" for figure in figures]
    targets.append("results/smoke/claims.csv")
    succeeds(folder, *targets, *reference)
    assert all((folder / target).is_file() for target in targets)
    assert not list(folder.glob("results/smoke/*/scores.nc"))
    shown, own = (
        {row["id"]: row for row in csv.DictReader((each / targets[-1]).open(newline=""))}
        for each in (folder, built)
    )
    left_out = {
        name
        for name, row in shown.items()
        if "needs the predictions of each" in row["note"] or "has no noise" in row["note"]
    }
    assert {name.rpartition("_")[0] for name in left_out} == {
        "section_3_inherent",
        "noise_alone",
        "noise_alone_mini",
    }
    for name in own.keys() - left_out:
        if {each.partition("/")[0] for each in own[name]["ensembles"].split(", ")} <= {
            "st_vgg",
            "baselines",
        }:
            assert shown[name] == own[name]
        else:
            assert shown[name]["value"] == own[name]["value"]
            assert shown[name]["lower"] == own[name]["lower"]
            assert not shown[name]["classes_kept"]
    for shares_classes in ("figure_01c_bimodality_test", "figure_08_minimum_test"):
        assert own[shares_classes]["classes_kept"]
    assert "(reference scores)" in (folder / "results/smoke/claims.html").read_text()
    refusal = failure(snakemake(folder, "results/smoke/results_test.txt", *reference))
    assert "and reference has only some; run with --config scores=trained." in refusal
    catalogue = folder / "reference/smoke/scores.json"
    kept = json.loads(catalogue.read_text())
    del kept["random_labels"]
    catalogue.write_text(json.dumps(kept))
    fewer = succeeds(folder, *reference, "--dry-run")
    assert "figures.figure_08 shows random_labels (not in " in fewer
    assert "render_figure_08" not in jobs(fewer)
    catalogue.unlink()
    refusal = failure(snakemake(folder, *reference))
    assert "reference has no scores of smoke" in refusal


def test_claims_are_checked_and_reported(built):
    with (built / "results/smoke/claims.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows["figure_04a_split_halves"]["networks"] == "4"
    assert rows["figure_08d_gap"]["ensembles"] == "hardest_fifth, random_fifth"
    assert rows["figure_07_weaker:svm"]["value"] != ""
    split_halves = rows["figure_04a_split_halves"]
    assert "" not in (split_halves["lower"], split_halves["log10_p"])
    # Four networks are too few to say whether networks agree.
    assert split_halves["verdict"] == "too few networks"
    assert split_halves["interval_over"] == "examples"
    # Smoke is none of the paper's data sets, so no number of the paper is tested on it.
    assert {row["conclusion"] for row in rows.values()} <= {"toy", "inconclusive"}
    assert not any("reproduced" in row["verdict"] for row in rows.values())
    missing = [row for row in rows.values() if "the study has no" in row["note"]]
    assert missing == []
    assert "claims.html" in (built / "report.html").read_text()


def test_the_explorer_is_in_the_report_and_another_ensemble_can_be_set_beside_it(built):
    assert "st_vgg/explorer.html" in (built / "report.html").read_text()
    target = "results/smoke/st_vgg/explorer_small_st_vgg.html"
    succeeds(built, target)
    assert "st-VGG and small st-VGG</title>" in (built / target).read_text()
    said = failure(snakemake(built, "results/smoke/st_vgg/explorer_small_st_vg.html"))
    assert "the study smoke has no ensemble small_st_vg" in said


def test_results_are_tested_and_a_failure_is_said(built):
    path = built / "results/smoke/results_test.txt"
    before = path.read_text()
    assert "results/smoke/st_vgg/scores.nc: 4 networks; the study defines 4" in before
    with edited(built / STUDY, lambda text: text.replace("train_examples: 1", "train_examples: 2")):
        done = created_equal(built, "test_results", "smoke")
    assert done.returncode == 2
    assert "smoke/dataset.nc: 100 train examples; the study defines 200" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text() == before


def test_an_ensemble_that_did_not_learn_is_a_warning_wherever_it_is_shown(
    built, tmp_path, monkeypatch
):
    """On a machine whose GPU cannot be used."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho the driver does not answer\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    write_study(STUCK, "stuck", built)
    figure = "paper_figures/stuck/figure_03.pdf"
    pages = ("results/stuck/results_test.txt", "results/stuck/claims.html")
    problem = "st_vgg did not learn: the train loss of 2 of 2 networks (0, 1) does not fall"
    ended = snakemake(built, figure, *pages)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no GPU is found: networks are trained on the CPU" in ended.stdout + ended.stderr
    (line,) = [each for each in ended.stderr.splitlines() if "created-equal: warning: " in each]
    assert line.startswith(f"created-equal: warning: stuck/{problem}")
    assert line.endswith("; lower its learning rate or train it for longer.")
    warning = line.removeprefix("created-equal: ")
    assert warning in (built / "results/stuck/results_test.txt").read_text().splitlines()
    page = (built / "results/stuck/claims.html").read_text()
    assert warning.removeprefix("warning: ") in page.partition("<table>")[0]
    with (built / "results/stuck/claims.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(problem in row["note"] for row in rows if row["ensembles"] == "st_vgg")
    shown = (built / "paper_figures/stuck/figure_03.svg").read_text()
    assert f"Warning: {problem.replace('st_vgg', 'st-VGG')}" in shown
    # And of scores that are there already, as long as a figure that shows them is asked for.
    again = snakemake(built, figure, "--force")
    assert line in again.stderr.splitlines()


def test_a_new_label_renders_the_figures_that_have_it(built):
    with edited(built / STUDY, lambda text: text.replace("  st_vgg: {", "  st_vgg: {label: x, ")):
        planned = jobs(succeeds(built, *SMOKE, "--dry-run"))
    assert {"render_cross_dataset", "render_figure_01", "render_robustness"} <= planned.keys()
    assert not {"train_networks", "score_ensemble", "render_figure_02"} & planned.keys()


def test_second_run_does_nothing(built):
    assert "Nothing to be done" in succeeds(built, *SMOKE)


def test_touching_every_source_file_reruns_nothing(built):
    for path in (built / "src").rglob("*.py"):
        path.touch()
    for path in (built / "notebooks").glob("*.ipynb"):
        path.touch()
    assert "Nothing to be done" in succeeds(built, *SMOKE, "--dry-run")


def test_editing_a_plotting_function_renders_only_its_figure(built):
    module = built / "src/created_equal/figures/figure_10.py"
    with edited(module, lambda text: f"{text}\n# edited\n"):
        planned = jobs(succeeds(built, *SMOKE, "--dry-run"))
    assert planned == {"render_figure_10": 1, "all": 1}


def with_another_title(text):
    return text.replace("title: ", "title: Another ")


def test_editing_another_part_of_the_study_retrains_nothing(built):
    with edited(built / STUDY, with_another_title):
        planned = jobs(succeeds(built, *SMOKE, "--dry-run"))
    rendered = {f"render_{figure}" for figure in FIGURES}
    others = {"all", "check_claims", "explore_ensemble", "tabulate_examples"}
    assert set(planned) == {*others, *rendered}


def test_networks_are_trained_anew_once_they_are_deleted_and_their_scores_asked_for(built):
    """As docs/reliability.md has it, and the warning of scores of several precisions."""
    folder = built / "results/smoke/linear_st_vgg"
    aside = folder.with_name("aside")
    scores = str((folder / "scores.nc").relative_to(built))
    folder.rename(aside)
    unasked = succeeds(built, *SMOKE, "--dry-run")
    whole = jobs(succeeds(built, scores, "--dry-run"))
    shutil.copytree(aside, folder)
    shutil.rmtree(folder / "predictions")
    (folder / "scores.nc").unlink()
    parts = jobs(succeeds(built, scores, "--dry-run"))
    shutil.rmtree(folder)
    aside.rename(folder)
    assert "Nothing to be done" in unasked
    assert whole == parts == {"train_networks": 1, "score_ensemble": 1}


def test_other_device_data_root_and_download_rerun_nothing(built):
    knobs = ("device=cpu", "data_root=elsewhere", "download=false")
    assert "Nothing to be done" in succeeds(built, *SMOKE, *knobs, "--dry-run")


def test_other_resources_rerun_nothing(built):
    resources = "resources: {mem_mb: 9000, cpus: 3, minutes_per_network: 7}\n"
    with edited(built / STUDY, lambda text: text + resources):
        assert "Nothing to be done" in succeeds(built, *SMOKE, "--dry-run")


def test_raising_the_version_of_the_engine_trains_again(built):
    line = r"(?m)^ENGINE_VERSION = \d+$"
    module = built / "src/created_equal/versions.py"
    with edited(module, lambda text: re.sub(line, "ENGINE_VERSION = 99", text)):
        planned = jobs(succeeds(built, *SMOKE, "--dry-run"))
    assert planned["train_networks"] == 18


def test_a_comment_in_what_is_trained_or_fitted_reruns_nothing(built):
    with ExitStack() as stack:
        for name in ("training/engine/trainee.py", "networks/build.py", "baselines/fit.py"):
            module = built / "src/created_equal" / name
            commented = edited(module, lambda text: f"# A comment.\n{text}\n\n# Another.\n")
            stack.enter_context(commented)
        assert "Nothing to be done" in succeeds(built, *SMOKE, "--dry-run")


def test_job_that_runs_again_trains_nothing_again(built):
    target = "results/smoke/st_vgg/predictions/0000-0003.nc"
    before = (built / target).read_bytes()
    succeeds(built, target, "--forcerun", "build_dataset", "train_networks")
    log = (built / "results/smoke/st_vgg/logs/train_networks_0000-0003.log").read_text()
    assert "0 networks to train, 4 already there" in log
    assert (built / target).read_bytes() == before


def test_raising_networks_trains_only_what_is_missing(built):
    target = "results/smoke/small_st_vgg/scores.nc"
    begun = succeeds(built, target, *SMOKE, "networks=6", "networks_per_job=5")
    assert "smoke: 2 networks to train in 2 jobs, 4 already there" in begun
    logs = built / "results/smoke/small_st_vgg/logs"
    said = [(logs / f"train_networks_{job}.log").read_text() for job in ("0000-0004", "0005-0005")]
    assert "1 networks to train, 4 already there" in said[0]
    assert "1 networks to train," in said[1]
    # Five of a job that need not run, and one of a job of other networks.
    begun = succeeds(built, target, *SMOKE, "networks=7", "networks_per_job=5")
    assert "smoke: 1 network to train in 1 job, 6 already there" in begun
    planned = succeeds(built, target, *SMOKE, "--dry-run")
    assert jobs(planned) == {"score_ensemble": 1}


def test_a_baseline_is_fitted_again_only_where_its_own_definition_changes(built):
    targets = [f"results/smoke/baselines/{name}.nc" for name in ("perceptron", "adaboost")]
    assert all((built / target).is_file() for target in targets)
    with edited(built / STUDY, lambda text: text.replace("learners: 10", "learners: 11")):
        planned = succeeds(built, *targets, "--dry-run")
    assert jobs(planned) == {"fit_baseline": 1}


def test_one_figure_builds_only_what_it_needs(built):
    paper = succeeds(built, "figure_01", "--dry-run", "--config", "studies=small_mammals")
    assert jobs(paper) == {
        "build_dataset": 1,
        "train_networks": 15,
        "score_ensemble": 1,
        "render_figure_01": 1,
        "figure_01": 1,
    }
    fewer = succeeds(
        built, "paper_figures/small_mammals/figure_04.pdf", "--dry-run", "--config", "networks=10"
    )
    assert jobs(fewer)["train_networks"] == 4
    moved = succeeds(
        built, "moved_examples", "--dry-run", "--config", "studies=small_mammals", "networks=10"
    )
    assert jobs(moved) == {
        "build_dataset": 1,
        "derive_dataset": 3,
        "train_networks": 8,
        "score_ensemble": 4,
        "render_moved_examples": 1,
        "moved_examples": 1,
    }
    others = succeeds(
        built, "figure_07", "--dry-run", "--config", "studies=insects,mnist", "networks=10"
    )
    assert jobs(others) == {
        "build_dataset": 1,
        "train_networks": 2,
        "score_ensemble": 1,
        "fit_baseline": 6,
        "render_figure_07": 1,
        "figure_07": 1,
    }


def test_the_figure_of_all_studies_needs_one_ensemble_of_each(built):
    planned = succeeds(
        built, "cross_dataset", "--dry-run", "--config", "studies=insects,mnist", "networks=5"
    )
    assert jobs(planned) == {
        "build_dataset": 2,
        "train_networks": 2,
        "score_ensemble": 2,
        "render_cross_dataset": 1,
        "cross_dataset": 1,
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--config", "studies=smal_mammals"], "did you mean small_mammals"),
        (["--config", "studies=digits", "devise=cpu"], "devise is not known; did you mean device"),
        (["paper_figures/mnist/figure_04.pdf"], "the study mnist has no figure_04"),
        (["figure_08", "--config", "studies=mnist"], "no selected study has figure_08 (mnist);"),
        (
            ["figure_01", "--config", "studies=smoke", "epochs=1"],
            "created-equal: figures.figure_01 shows 4 epochs, but st_vgg has only 2 (0 to 1)",
        ),
        (["results/smoke/baselines/svn.nc"], "the study smoke has no baseline svn; use one of svm"),
        (["results/smoke/st_vg/scores.nc"], "the study smoke has no ensemble st_vg"),
        (["digits"], "digits is a study; select it with --config studies=digits."),
        (["--config", "studies=smoke", "--config", "networks=2"], "--config is given twice, and"),
        (["studies=smoke"], "studies=smoke is a setting; put --config before it: --config studies"),
    ],
)
def test_wrong_requests_end_in_one_sentence(built, arguments, sentence):
    assert sentence in failure(snakemake(built, "--dry-run", *arguments))


def test_a_key_that_stands_twice_in_the_config_is_refused(built):
    config = built / "config.yaml"
    line = len(config.read_text().splitlines()) + 1
    with edited(config, lambda text: f"{text}studies: [smoke]\n"):
        said = failure(snakemake(built, "--dry-run"))
    assert f"created-equal: config.yaml, line {line}: the key studies occurs twice" in said


def test_a_path_with_braces_is_refused_in_one_sentence(tmp_path):
    folder = copy_of_repository(tmp_path / "mine {2}")
    assert f"rename {folder}." in failure(snakemake(folder, "--dry-run"))
    digits = "{source: digits, size: 16, train_examples: 100, test_examples: 100}"
    mine = STUCK.replace(digits, '{source: arrays, path: "{a}.npz"}')
    folder = copy_of_repository(tmp_path / "mine", mine=mine)
    (folder / "data").mkdir()
    (folder / "data/{a}.npz").touch()
    said = failure(snakemake(folder, "--dry-run", "--config", "studies=mine"))
    assert "rename data/{a}.npz." in said


def test_a_data_root_that_the_system_refuses_is_one_sentence(tmp_path):
    """As it would refuse the folder of another user, but not to a superuser."""
    folder, name = copy_of_repository(tmp_path), "x" * 300
    said = failure(snakemake(folder, "--dry-run", "--config", f"data_root={name}"))
    assert f"created-equal: {name} cannot be used (File name too long); shorten the path." in said


@pytest.mark.parametrize(
    "change",
    [
        "del snakemake.dag.DAG.postprocess",
        "snakemake.io._IOFile.protected = property(lambda file: False)",
        "async def started(*_): ...\nsnakemake.persistence.PersistenceBase.started = started",
    ],
)
def test_a_snakemake_that_is_another_inside_is_refused_in_one_sentence(tmp_path, change):
    folder = copy_of_repository(tmp_path)
    modules = "snakemake.cli, snakemake.dag, snakemake.io, snakemake.persistence"
    done = python("-c", f"import {modules}\n{change}\nsnakemake.cli.main(['-n'])", cwd=folder)
    assert "differs inside" in failure(done)
    assert done.stderr.splitlines()[-1].startswith("created-equal: Snakemake 9.")


def test_files_from_the_future_are_refused_before_anything_runs(tmp_path):
    """Snakemake would run the job, and delete its output for being older than its input."""
    folder = copy_of_repository(tmp_path / "repository")
    notebook = folder / "notebooks" / "figure_01.ipynb"
    os.utime(notebook, (2e9, 2e9))
    done = snakemake(folder, "paper_figures/smoke/figure_01.pdf", "--config", "studies=smoke")
    assert failure(done).endswith("run: touch notebooks/figure_01.ipynb\n")
    assert not list(folder.glob("results/smoke/*.nc"))


def test_an_ensemble_that_no_figure_shows_is_named(tmp_path):
    more = STUCK.replace("figures:", "  spare: {architecture: small_st_vgg}\nfigures:")
    folder = copy_of_repository(tmp_path, spared=more)
    said = succeeds(folder, "--dry-run", "--config", "studies=spared")
    assert "studies/spared.yaml: spare is in no figure, and is only trained if" in said
    assert "st_vgg is in no figure" not in said


def test_figures_that_cannot_be_are_refused_by_name_and_all_else_is_built(built):
    write_study(PARTIAL, "partial", built)
    partial = ("--config", "studies=partial", "networks=1")
    said = failure(snakemake(built, *partial))
    for sentence in (
        "figures.figure_04 compares the two halves of st_vgg, which has only 1 network; train at",
        "figures.figure_05 shows linear_st_vgg, which is not among the ensembles; use one",
    ):
        # At once, and by the job that was to render it.
        assert said.count(f"created-equal: config/studies/partial.yaml: {sentence}") == 2
    rendered = {path.name for path in (built / "paper_figures/partial").iterdir()}
    shown = ("figure_01", "cross_dataset")
    assert rendered == {f"{name}.{kind}" for name in shown for kind in ("pdf", "svg", "png")}
    assert (built / "results/partial/claims.csv").is_file()
    assert (built / "results/partial/results_test.txt").is_file()
    again = jobs(succeeds(built, *partial, "--dry-run"))
    assert again == {"all": 1, "render_figure_04": 1, "render_figure_05": 1}
    assert "figures.figure_05 shows linear_st_vgg" in failure(
        snakemake(built, "figure_05", *partial)
    )


def test_a_trial_says_which_figures_it_leaves_out(built):
    shown = "figure_01: {ensemble: st_vgg}\n  figure_10: {ensemble: st_vgg}"
    brief = STUCK.replace("figure_03: {ensemble: st_vgg, epochs: [0, 1, 2, 3]}", shown)
    write_study(brief, "brief", built)
    target = "paper_figures/brief/figure_10.pdf"
    said = succeeds(built, target, "--config", "studies=brief", "epochs=1")
    assert "figures.figure_01 shows 4 epochs, but st_vgg has only 2 (0 to 1); train longer" in said
    assert "created-equal: brief: left out: figure_01; those of an earlier run stay\n" in said
    assert "created-equal: figures in paper_figures/brief; left out: figure_01\n" in said


def test_data_that_cannot_be_had_end_in_one_sentence(built):
    (built / "empty").mkdir()
    knobs = ("--config", "data_root=empty", "download=false")
    said = failure(snakemake(built, "results/insects/dataset.nc", *knobs))
    assert "cifar-100-python" in said
    assert "download" in said
    assert not (built / "results/insects/dataset.nc").exists()


def test_figures_of_other_studies_are_other_files(built):
    """So that two runs never write one file, and no report shows the picture of another run."""
    of_two = succeeds(built, "cross_dataset", "--dry-run", "--config", "studies=smoke,insects")
    assert "paper_figures/smoke+insects/cross_dataset.pdf" in of_two
    asked = "paper_figures/insects+smoke/cross_dataset.pdf"
    assert jobs(succeeds(built, asked, "--dry-run"))["render_cross_dataset"] == 1


def test_a_cross_dataset_figure_that_cannot_be_is_one_sentence(tmp_path):
    long = [f"smoke_{number}_{'x' * 40}" for number in range(5)]
    folder = copy_of_repository(
        tmp_path,
        **{name: {"base": "smoke", "title": "Smoke"} for name in long},
        hidden={"base": "smoke", "title": "Hidden", "figures": {"figure_01": None}},
    )

    def said(studies, *arguments):
        done = snakemake(folder, *arguments, "cross_dataset", "--config", f"studies={studies}")
        return failure(done)

    assert "created-equal: cross_dataset was not rendered for digits; run without --report" in said(
        "digits", "--report", "r.html"
    )
    assert "created-equal: the names of 5 studies are too long" in said(",".join(long), "-n")
    assert "none of hidden has one; add figure_01 to a study." in said("hidden", "-n")


def test_a_profile_cannot_turn_changes_of_parameters_off(built, tmp_path):
    (tmp_path / "config.yaml").write_text("rerun-triggers: mtime\n")
    profile = os.environ | {"SNAKEMAKE_PROFILE": str(tmp_path)}
    with edited(built / STUDY, with_another_title):
        planned = succeeds(built, "figure_10", "--dry-run", *SMOKE, env=profile)
    assert jobs(planned)["render_figure_10"] == 1


def test_a_figure_that_cannot_be_made_again_stays_and_is_not_taken_for_current(built, tmp_path):
    notebook, page = built / "notebooks/figure_10.ipynb", "paper_figures/smoke/figure_10.pdf"
    before = (built / page).read_bytes()
    # Alone in its folder, which Snakemake deletes with it.
    folder, all_pages = (built / page).parent, tmp_path / "all_pages"
    folder.rename(all_pages)
    folder.mkdir()
    for path in all_pages.glob("figure_10.*"):
        shutil.copy2(path, folder)
    with edited(notebook, lambda text: text.replace("= draw(", "= draw(1 / 0, ")):
        said = failure(snakemake(built, page, *SMOKE))
        assert f"{page} could not be rebuilt; the copy from an earlier run was restored" in said
        assert (built / page).read_bytes() == before
    os.utime(notebook, (0, 0))
    assert jobs(succeeds(built, page, "--dry-run", *SMOKE)) == {"render_figure_10": 1}
    succeeds(built, page, *SMOKE)
    shutil.rmtree(folder)
    all_pages.rename(folder)


@pytest.mark.parametrize(
    ("module", "page"),
    [("explorer/explore.py", "explorer.html"), ("exchange/table.py", "hardest.png")],
)
def test_an_explorer_and_tables_that_cannot_be_made_again_stay_too(built, module, page):
    path = f"results/smoke/st_vgg/{page}"
    before = (built / path).read_bytes()
    with edited(
        built / "src/created_equal" / module, lambda text: f"{text}\nraise SystemExit(1)\n"
    ):
        said = failure(snakemake(built, path, *SMOKE))
    assert "could not be rebuilt; the copy from an earlier run was restored" in said
    assert (built / path).read_bytes() == before
    assert "Nothing to be done" not in succeeds(built, path, *SMOKE)


def test_rules_run_with_the_python_of_snakemake(built, tmp_path):
    """Whatever a start-up file of bash, or an exported function, says python is."""
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 9\n")
    other.chmod(0o755)
    (tmp_path / "startup").write_text(f"export PATH={other.parent}:$PATH PYTHONPATH=/nowhere\n")
    function = {"BASH_FUNC_python%%": "() { return 9; }", "BASH_ENV": str(tmp_path / "startup")}
    page = "paper_figures/smoke/figure_10.pdf"
    (built / page).unlink()
    said = succeeds(built, page, *SMOKE, env=os.environ | function)
    # A job takes a line, not a list of twenty source files.
    assert re.search(r"^Job \d+: render figure_10 of smoke$", said, re.MULTILINE)
    assert "src/created_equal" not in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("robustnes", "robust"),
        ("paper_figures/smoke/figure_1.pdf", "figure_01"),
    ],
)
def test_a_target_that_is_nearly_a_figure(built, typed, meant):
    said = failure(snakemake(built, typed, "--dry-run", *SMOKE))
    assert f"created-equal: there is no target {typed}; did you mean {meant}" in said


def test_the_value_of_a_setting_may_end_like_a_figure(built, tmp_path):
    (tmp_path / "my_gallery").mkdir()
    setting = f"data_root={tmp_path / 'my_gallery'}"
    succeeds(built, "figure_01", "--dry-run", *SMOKE, setting)


def test_the_pages_of_the_selected_studies_are_targets(built):
    rules = {"check_claims", "explore_ensemble", "tabulate_examples"}
    pages = ("claims", "explorers", "tables")
    assert rules <= jobs(succeeds(built, *pages, "--dry-run", "--forcerun", *rules, *SMOKE)).keys()


def test_a_folder_may_be_called_like_a_study_and_a_report_like_a_figure(built, tmp_path):
    """The kept scores of imagenet do not exist."""
    (tmp_path / "imagenet").mkdir()
    setting = f"data_root={tmp_path / 'imagenet'}"
    succeeds(built, "--dry-run", *SMOKE, setting)
    succeeds(built, "--report", "fig1.html", *SMOKE)
    assert (built / "fig1.html").is_file()


def test_a_syntax_error_in_the_config_names_file_and_line(built, tmp_path):
    for text, expected in (
        ("studies: [tiny\n", "config.yaml, line 2: did not find expected"),
        ("studies: [tiny]\t# mine\n", "); use spaces instead of tabs."),
        ("data_root: 2024-13-45\n", "); put such texts in quotes."),
        ("# Nothing.\n", "config.yaml has no keys with values; write at least studies: [digits]."),
    ):
        (tmp_path / "config.yaml").write_text(text)
        assert expected in failure(snakemake(built, "--dry-run", "--directory", tmp_path))


def test_a_data_root_that_does_not_exist_is_said_by_the_dry_run(built):
    said = succeeds(built, "--dry-run", "--config", "studies=smoke", "data_root=/typo")
    assert "created-equal: data_root /typo does not exist" in said


def test_a_report_is_of_what_was_built(built, tmp_path):
    made = [*built.glob("results/smoke/*/explorer.html"), built / "results/smoke/claims.html"]
    assert len(made) == 2
    try:
        for page in made:
            page.rename(tmp_path / page.name)
        for studies in (SMOKE, ()):
            succeeds(built, "--report", "part.html", *studies)
            report = (built / "part.html").read_text()
            assert "figure_01.svg" in report and "cross_dataset.svg" in report
    finally:
        for page in made:
            (tmp_path / page.name).rename(page)


def test_results_may_be_in_another_folder(built, tmp_path):
    there = (*SMOKE, "-s", built / "Snakefile", "-d", tmp_path)
    assert jobs(succeeds(tmp_path, "figure_10", "--dry-run", *there))["train_networks"] == 1
    # Files with the names of Python's modules, or of libraries, may be in that folder.
    for module in ("types", "random", "yaml", "numpy"):
        (tmp_path / f"{module}.py").write_text("raise RuntimeError")
    succeeds(built.parent, "results/smoke/dataset.nc", *there)
    assert (tmp_path / "results/smoke/dataset.nc").is_file()
