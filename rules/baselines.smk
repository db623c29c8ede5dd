"""Fit scikit-learn's classifiers."""


rule fit_baseline:
    input:
        dataset=dataset_path("{study}"),
    output:
        predictions=baseline_path("{study}", "{baseline}"),
    log:
        "results/{study}/baselines/logs/fit_baseline_{baseline}.log",
    benchmark:
        "results/{study}/baselines/benchmarks/fit_baseline_{baseline}.tsv"
    wildcard_constraints:
        # Avoids ambiguity with the files of an ensemble named "baselines".
        baseline="(?!scores|dataset)[a-z0-9_]+",
    # As for build_dataset: claims take longest, and need it.
    priority: 1
    conda:
        "../envs/created_equal.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: memory_of_baseline(baseline_in(wildcards)),
        runtime=240,
    params:
        definition=lambda wildcards: baseline_in(wildcards).definition,
        baselines_version=BASELINES_VERSION,
    message:
        "fit {wildcards.baseline} on {wildcards.study}"
    shell:
        "python -m created_equal fit_baseline {wildcards.study} {wildcards.baseline}"
        " > {log:q} 2>&1"
