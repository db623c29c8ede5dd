"""From a dataset and an ensemble's definition to predictions, some networks a job."""


rule train_networks:
    input:
        dataset=lambda wildcards: ensemble_of(wildcards).dataset_path,
    output:
        # The command keeps all networks that are still the same (by their definition, data and
        # code), although Snakemake deletes this before it. Not update(): when a job fails, that
        # puts the file of before back, which from then on passes for what is defined now.
        predictions=predictions_path("{study}", "{ensemble}", "{first}", "{last}"),
    log:
        "results/{study}/{ensemble}/logs/train_networks_{first}-{last}.log",
    benchmark:
        "results/{study}/{ensemble}/benchmarks/train_networks_{first}-{last}.tsv"
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
        # As input, a dozen files of each of thousands of jobs would be looked at.
        code=source_digest(*NETWORKS, *PIXELS),
    shell:
        "python -m created_equal train_networks {wildcards.study} {wildcards.ensemble}"
        " --networks {wildcards.first}-{wildcards.last} > {log:q} 2>&1"
