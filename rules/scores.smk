"""From the predictions of an ensemble to its scores."""


rule score_ensemble:
    input:
        predictions=predictions_of,
        code=code("scores/*.py"),
    output:
        scores=scores_path("{study}", "{ensemble}"),
    log:
        "results/{study}/{ensemble}/logs/score_ensemble.log",
    benchmark:
        "results/{study}/{ensemble}/benchmarks/score_ensemble.tsv"
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        networks=lambda wildcards: ensemble_of(wildcards).networks,
    shell:
        "python -m created_equal score_ensemble {wildcards.study} {wildcards.ensemble}"
        " {input.predictions:q} --networks {params.networks} > {log:q} 2>&1"
