"""Build a study's dataset, and derive an ensemble's: random labels, moved or removed examples."""


rule build_dataset:
    input:
        arrays=arrays_of,
        code=code("datasets/*.py", "decoding/*.py"),
    output:
        dataset=dataset_path("{study}"),
    log:
        "results/{study}/logs/build_dataset.log",
    # Claims, which take longest, need it, and figures of kept scores do not.
    priority: 1
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        definition=lambda wildcards: dict(load(wildcards.study).dataset),
    message:
        "build the dataset of {wildcards.study}"
    shell:
        "python -m created_equal build_dataset {wildcards.study} > {log:q} 2>&1"


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
