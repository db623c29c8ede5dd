"""From scores to figures: for each figure a rule that renders it, and a target of its name."""

SHARED = [f"figures/{name}" for name in ("histograms.py", "pages.py", "style.py", "*.mplstyle")]


def entry_of(figure):
    """Return what gives the entry of a figure in the study of a job."""

    def entry(wildcards):
        figures = load(wildcards.study).figures
        if figure not in figures:
            refuse(
                f"the study {wildcards.study} has no {figure}; add it under figures in "
                f"config/studies/{wildcards.study}.yaml, or ask for {', '.join(figures)}."
            )
        return figures[figure]

    return entry


def scores_of(figure):
    """Return what gives the scores files that a figure shows."""
    return lambda wildcards: [
        scores_path(wildcards.study, ensemble)
        for ensemble in ensembles_of(entry_of(figure)(wildcards))
    ]


for figure, needs in FIGURES.items():

    rule:
        name:
            f"render_{figure}"
        input:
            scores=scores_of(figure),
            dataset=dataset_path("{study}"),
            notebook=f"notebooks/{figure}.ipynb",
            code=code(f"figures/{figure}.py", *SHARED),
        output:
            pdf=figure_path("{study}", figure, "pdf"),
            png=figure_path("{study}", figure, "png"),
            svg=report(
                figure_path("{study}", figure, "svg"),
                caption=f"../report/{figure}.rst",
                category="{study}",
                labels={"figure": figure.removeprefix("figure_"), "shows": needs.title},
            ),
        log:
            notebook=f"results/{{study}}/logs/{figure}.ipynb",
            text=f"results/{{study}}/logs/render_{figure}.log",
        conda:
            "../envs/created_equal.yaml"
        params:
            entry=entry_of(figure),
            title=lambda wildcards: load(wildcards.study).title,
            figure=figure,
        resources:
            mem_mb=2000,
            runtime=20,
        shell:
            "python -m created_equal render_figure {wildcards.study} {params.figure}"
            " > {log.text:q} 2>&1"

    rule:
        name:
            figure
        input:
            [
                figure_path(study, figure, "pdf")
                for study in CONFIG.studies
                if figure in load(study).figures
            ],
