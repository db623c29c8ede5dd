"""Render figures: for each figure a rule, and a target with the name of the figure."""

SHARED = [
    "figures/histograms.py",
    "figures/images.py",
    "figures/saving.py",
    "figures/selection.py",
    "figures/style.py",
    "figures/*.mplstyle",
    "scores/*.py",
]

for figure, needs in FIGURES.items():

    rule:
        name:
            f"render_{figure}"
        input:
            unpack(partial(shown_in, figure)),
            notebook=notebook(figure),
            code=code(f"figures/{figure}.py", *SHARED),
        output:
            **table_of(figure),
            pdf=figure_path("{study}", figure, "pdf"),
            png=figure_path("{study}", figure, "png"),
            svg=report(
                figure_path("{study}", figure, "svg"),
                caption=f"../report/{figure}.rst",
                category="{study}",
                labels={
                    "figure": figure.removeprefix("figure_"),
                    "shows": needs.title,
                },
            ),
        # The executed notebook is not declared as a log, because Snakemake would print all of it
        # on failure.
        log:
            f"results/{{study}}/logs/render_{figure}.log",
        localrule: True
        conda:
            "../envs/created_equal.yaml"
        resources:
            mem_mb=2000,
            runtime=20,
        params:
            entry=partial(entry_of, figure),
            title=lambda wildcards: load(wildcards.study).title,
            labels=partial(labels_in, figure),
            figure=figure,
        message:
            "render {params.figure} of {wildcards.study}"
        shell:
            "python -m created_equal render_figure {wildcards.study} {params.figure}"
            " > {log:q} 2>&1"

    rule:
        name:
            figure
        input:
            partial(pages_of, figure),


rule render_cross_dataset:
    input:
        scores=scores_across,
        notebook=notebook(CROSS_DATASET),
        code=code("figures/robustness.py", *SHARED),
    output:
        pdf=figure_path("{studies}", CROSS_DATASET, "pdf"),
        png=figure_path("{studies}", CROSS_DATASET, "png"),
        svg=report(
            figure_path("{studies}", CROSS_DATASET, "svg"),
            caption=f"../report/{CROSS_DATASET}.rst",
            category="all studies",
            labels={
                "figure": CROSS_DATASET,
                "shows": "Bi-modality on all datasets",
            },
        ),
    log:
        "results/logs/render_cross_dataset_{studies}.log",
    wildcard_constraints:
        studies=r"[a-z0-9_]+(\+[a-z0-9_]+)*",
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        studies=studies_across,
        labels=labels_across,
    message:
        "render cross_dataset of {wildcards.studies}"
    shell:
        "python -m created_equal render_cross_dataset {params.studies} > {log:q} 2>&1"


rule cross_dataset:
    input:
        pages_across,
