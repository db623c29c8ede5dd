"""Train an ensemble's networks, several per job."""


rule train_networks:
    input:
        dataset=lambda wildcards: ensemble_of(wildcards).dataset_path,
    output:
        # Snakemake deletes this file before the job, but the command reuses all networks that have
        # the same definition, data and engine version. update() would restore the stale file if
        # the job fails.
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
        mem_mb=lambda wildcards: memory_of(
            ensemble_of(wildcards), len(networks_in(wildcards))
        ),
        runtime=lambda wildcards: ensemble_of(wildcards).resources.minutes(
            len(networks_in(wildcards))
        ),
        gpu=gpus_of,
    params:
        definition=lambda wildcards: ensemble_of(wildcards).definition,
        # A new version reruns training; editing the code alone does not.
        engine_version=ENGINE_VERSION,
        decoding_version=DECODING_VERSION,
    message:
        "train {wildcards.study}/{wildcards.ensemble}, networks {wildcards.first} to {wildcards.last}"
    shell:
        "python -m created_equal train_networks {wildcards.study} {wildcards.ensemble}"
        " --networks {wildcards.first}-{wildcards.last} > {log:q} 2>&1"
