"""Build a study's dataset from its source."""


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
