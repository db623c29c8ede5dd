"""Write the tables of an ensemble's examples and epochs, and a page of its hardest images."""


rule tabulate_examples:
    input:
        unpack(explored_in),
        code=code("exchange/*.py", "figures/gallery.py", "figures/hardest.py", *SHARED),
    output:
        csv=tables_path("{study}", "{ensemble}", "examples.csv"),
        parquet=tables_path("{study}", "{ensemble}", "examples.parquet"),
        epochs=tables_path("{study}", "{ensemble}", "epochs.csv"),
        hardest=tables_path("{study}", "{ensemble}", "hardest.png"),
    log:
        "results/{study}/{ensemble}/logs/tabulate_examples.log",
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        labels=lambda wildcards: load(wildcards.study).label(
            ensemble_of(wildcards).name
        ),
        title=lambda wildcards: load(wildcards.study).title,
    message:
        "tabulate the examples of {wildcards.study}/{wildcards.ensemble}"
    shell:
        "python -m created_equal tabulate_examples {wildcards.study} {wildcards.ensemble}"
        " > {log:q} 2>&1"


rule tables:
    input:
        tables_of_studies(),
