"""From everything that a study's figures name to its claims, and to tests of the results."""


def roles(wildcards):
    """Return which ensembles and baselines play which part in the claims of a study."""
    return roles_of(load(wildcards.study))


def claimed(wildcards):
    """Return the files that the claims of a study rest on, by the names of the rule's inputs."""
    name, study = wildcards.study, load(wildcards.study)
    return {
        "dataset": dataset_path(name),
        "scores": [scores_path(name, each) for each in ensembles_in(roles(wildcards))],
        "baselines": [
            baseline_path(name, each) for each in baselines_in(roles(wildcards))
        ],
        "chosen": [chosen_path(name, each) for each in moved_in(study)],
    }


def tested(wildcards):
    """Return the files that are tested: what claims rest on, and what that was made from."""
    name, study = wildcards.study, load(wildcards.study)
    behind = [study.ensembles[each] for each in ensembles_behind(study)]
    return claimed(wildcards) | {
        "scores": [scores_path(name, each.name) for each in behind],
        "predictions": [
            path
            for each in behind
            for path in predictions_paths(
                name, each.name, each.networks, CONFIG.networks_per_job
            )
        ],
    }


rule check_claims:
    input:
        unpack(claimed),
        code=code("claims/*.py"),
    output:
        table=claims_path("{study}", "csv"),
        page=report(
            claims_path("{study}", "html"),
            caption="../report/claims.rst",
            category="{study}",
            labels={"figure": "claims", "shows": "The paper's numbers beside ours"},
        ),
    log:
        "results/{study}/logs/check_claims.log",
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        roles=roles,
        title=lambda wildcards: load(wildcards.study).title,
    shell:
        "python -m created_equal check_claims {wildcards.study} > {log:q} 2>&1"


rule test_results:
    input:
        unpack(tested),
        code=code("claims/results.py", "claims/roles.py"),
    output:
        results_test_path("{study}"),
    log:
        "results/{study}/logs/test_results.log",
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        roles=roles,
    shell:
        "python -m created_equal test_results {wildcards.study} > {log:q} 2>&1"
