"""From a dataset and an ensemble's definition to predictions, some networks a job."""


rule train_networks:
    input:
        dataset=lambda wildcards: ensemble_of(wildcards).dataset_path,
    output:
        # The command keeps all networks that are still the same (by their definition, data and
        # engine's version), although Snakemake deletes this before it. update() will not do: when
        # a job fails, it restores the old file, which then passes for what is defined now.
        predictions=predictions_path("{study}", "{ensemble}", "{first}", "{last}"),
    log:
        "results/{study}/{ensemble}/logs/train_networks_{first}-{last}.log",
    benchmark:
        "results/{study}/{ensemble}/benchmarks/train_networks_{first}-{last}.tsv"
    priority: waiting_for
    conda:
        "../envs/created_equal.yaml"
    threads: lambda wildcards: ensemble_of(wildcards).resources.cpus
    resources:
        mem_mb=lambda wildcards: memory_of(ensemble_of(wildcards)),
        runtime=lambda wildcards: ensemble_of(wildcards).resources.minutes(
            len(networks_in(wildcards))
        ),
        gpu=gpus_of,
    params:
        definition=lambda wildcards: ensemble_of(wildcards).definition,
        # Networks of another version are trained again; an edit of the code alone changes nothing.
        engine_version=ENGINE_VERSION,
        decoding_version=DECODING_VERSION,
    shell:
        "python -m created_equal train_networks {wildcards.study} {wildcards.ensemble}"
        " --networks {wildcards.first}-{wildcards.last} > {log:q} 2>&1"
