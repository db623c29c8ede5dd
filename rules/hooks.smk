"""Hooks at the start and the end of a run. Only this file uses Snakemake's internals."""

from itertools import chain

from created_equal.planning.preflight import Job, check_run, explain_failure


def on_cluster():
    """Return whether jobs are submitted to a cluster."""
    return workflow.non_local_exec


def preflight():
    """Check data and disk space before the first job, and print what will be trained."""
    # Cluster jobs run Snakemake too, and skip the checks.
    if not workflow.is_main_process:
        return
    needed = dict.fromkeys(workflow.dag.needrun_jobs())
    wanted = [describe(job) for job in needed]
    # Outputs of other jobs may be missing: Snakemake does not check the inputs of an existing figure.
    finished = [
        describe(job)
        for job in workflow.dag.jobs
        if job not in needed and all(map(os.path.exists, job.output))
    ]
    studies = {job.study: load(job.study) for job in wanted + finished if job.study}
    print_lines(checked(check_run, CONFIG, studies, wanted, finished))


def describe(job):
    """Return what the preflight needs to know about one of Snakemake's jobs."""
    return Job(
        name=job.rule.name,
        study=job.wildcards.get("study"),
        ensemble=job.wildcards.get("ensemble"),
        seeds=(networks_in(job.wildcards) if job.rule.name == "train_networks" else ()),
        gpus=job.resources.get("gpu", 0),
    )


def mark_outdated():
    """Mark the outputs of all jobs of this run as incomplete until they are written.

    Snakemake does not check the inputs of an existing file. If a run stops halfway, an old figure
    would count as current although its scores are missing. Marked as incomplete, it is rendered
    again by the next run (rerun-incomplete).
    """
    if workflow.is_main_process and not workflow.touch:
        for job in workflow.dag.needrun_jobs():
            workflow.persistence.started(job)


def warn_of_failed_learning():
    """Warn of ensembles in this run whose networks did not learn."""
    if workflow.is_main_process:
        from created_equal.claims.results import warnings_in

        # Reference scores are not the output of any job, so look at inputs as well.
        files = chain.from_iterable(job.input + job.output for job in workflow.dag.jobs)
        print_lines(f"warning: {warning}" for warning in warnings_in(files))


def report_full_disk():
    """Print a message if a run failed and its disk is full."""
    if workflow.is_main_process and (sentence := explain_failure()):
        print_lines([sentence])


def print_lines(lines):
    """Print lines for the user."""
    for line in lines:
        print(f"created-equal: {line}", file=sys.stderr)


# The job of an invalid figure fails later, so that all others are built; report the reason now.
if workflow.is_main_process:
    for study in CONFIG.studies:
        for sentences in load(study).refused.values():
            print_lines(
                f"config/studies/{study}.yaml: {sentence}" for sentence in sentences
            )
