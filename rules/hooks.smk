"""What is checked and said at the start and the end of a run: all that uses Snakemake's internals."""

from itertools import chain

from created_equal.planning.preflight import Job, check_run, explain_failure


def on_cluster():
    """Return whether jobs are submitted to a cluster."""
    return workflow.non_local_exec


def preflight():
    """Check data and disk before the first job, and say what will be trained."""
    # Jobs on a cluster run Snakemake too.
    if not workflow.is_main_process:
        return
    needed = dict.fromkeys(workflow.dag.needrun_jobs())
    wanted = [described(job) for job in needed]
    # What is not needed may be missing: Snakemake looks no further than a figure that exists.
    finished = [
        described(job)
        for job in workflow.dag.jobs
        if job not in needed and all(map(os.path.exists, job.output))
    ]
    studies = {job.study: load(job.study) for job in wanted + finished if job.study}
    say(checked(check_run, CONFIG, studies, wanted, finished))


def described(job):
    """Return what the preflight needs to know of one of Snakemake's jobs."""
    return Job(
        name=job.rule.name,
        study=job.wildcards.get("study"),
        ensemble=job.wildcards.get("ensemble"),
        networks=(
            networks_in(job.wildcards) if job.rule.name == "train_networks" else ()
        ),
        gpus=job.resources.get("gpu", 0),
    )


def mark_outdated():
    """Mark the outputs of all jobs of this run as incomplete until they are made.

    Snakemake looks no further than a file that exists: if the run ended halfway, an old figure would
    pass for current as soon as the scores behind it were missing. Marked as if its job had started,
    it is made again by the next run (rerun-incomplete).
    """
    if workflow.is_main_process and not workflow.touch:
        for job in workflow.dag.needrun_jobs():
            workflow.persistence.started(job)


def say_what_did_not_learn():
    """Warn of ensembles whose networks did not learn, among all that the run used."""
    if workflow.is_main_process:
        from created_equal.claims.results import warnings_in

        # Kept scores are outputs of no job, so look at inputs as well.
        files = chain.from_iterable(job.input + job.output for job in workflow.dag.jobs)
        say(f"warning: {warning}" for warning in warnings_in(files))


def say_if_full():
    """Say so if a run failed and its disk is full."""
    if workflow.is_main_process and (sentence := explain_failure()):
        say([sentence])


def say(sentences):
    """Print sentences for the user."""
    for sentence in sentences:
        print(f"created-equal: {sentence}", file=sys.stderr)


# The job of a refused figure fails, so that all others are built; the reason is said here at once.
if workflow.is_main_process:
    for study in CONFIG.studies:
        for sentences in load(study).refused.values():
            say(f"config/studies/{study}.yaml: {sentence}" for sentence in sentences)
