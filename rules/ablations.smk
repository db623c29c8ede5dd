"""Derive an ensemble's dataset: random labels, moved or removed examples."""


rule derive_dataset:
    input:
        unpack(derived_from),
        code=code("datasets/derive.py"),
    output:
        dataset=dataset_path("{study}", "{ensemble}"),
        chosen=chosen_path("{study}", "{ensemble}"),
    log:
        "results/{study}/{ensemble}/logs/derive_dataset.log",
    priority: waiting_for
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        definition=lambda wildcards: dict(derivation_of(wildcards).dataset),
    message:
        "derive the dataset of {wildcards.study}/{wildcards.ensemble}"
    shell:
        "python -m created_equal derive_dataset {wildcards.study} {wildcards.ensemble}"
        " > {log:q} 2>&1"
