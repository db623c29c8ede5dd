"""Compute the scores of an ensemble from its predictions."""


rule score_ensemble:
    input:
        unpack(scored_from),
        code=code("scores/*.py"),
    output:
        scores=scores_path("{study}", "{ensemble}"),
    log:
        "results/{study}/{ensemble}/logs/score_ensemble.log",
    benchmark:
        "results/{study}/{ensemble}/benchmarks/score_ensemble.tsv"
    priority: waiting_for
    # On a cluster, it runs next to the head process: small studies take seconds, and later training
    # rounds wait for some of them. Large studies have their own rule.
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        networks=lambda wildcards: ensemble_of(wildcards).n_networks,
    message:
        "score {wildcards.study}/{wildcards.ensemble}"
    shell:
        "python -m created_equal score_ensemble {wildcards.study} {wildcards.ensemble}"
        " {input.predictions:q} --networks {params.networks} > {log:q} 2>&1"


use rule score_ensemble as score_large_ensemble with:
    wildcard_constraints:
        study=LARGE_STUDIES,
    localrule: False
    resources:
        mem_mb=8000,
        runtime=240,


ruleorder: score_large_ensemble > score_ensemble
