"""Write the page with every image of an ensemble, or of two, epoch by epoch."""


rule explore_ensemble:
    input:
        unpack(explored_in),
        code=code("explorer/*.*", "look.*", "scores/*.py"),
    output:
        page=report(
            explorer_path("{study}", "{ensemble}"),
            caption="../report/explorer.rst",
            category="{study}",
            labels={"figure": "explorer", "shows": "Every image, epoch by epoch"},
        ),
    log:
        "results/{study}/{ensemble}/logs/explore.log",
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        ensembles=explored,
        labels=lambda wildcards: [
            load(wildcards.study).label(each) for each in explored(wildcards)
        ],
        title=lambda wildcards: load(wildcards.study).title,
        note=lambda wildcards: load(wildcards.study).note,
    message:
        "write the explorer of {params.ensembles} of {wildcards.study}"
    shell:
        "python -m created_equal explore {wildcards.study} {params.ensembles} > {log:q} 2>&1"


use rule explore_ensemble as explore_two_ensembles with:
    output:
        page=explorer_path("{study}", "{ensemble}", "{other}"),
    log:
        "results/{study}/{ensemble}/logs/explore_{other}.log",
    localrule: True


rule explorers:
    input:
        explorers(),
