"""Check the paper's claims, and test the results."""


rule check_claims:
    input:
        unpack(claimed_in),
        code=code(
            *("claims/*.py", "claims/*.yaml", "beyond/*.py", "beyond/*.yaml"),
            *("look.*", "scores/*.py", "study/roles.py"),
        ),
    output:
        table=claims_path("{study}", "csv"),
        page=report(
            claims_path("{study}", "html"),
            caption="../report/claims.rst",
            category="{study}",
            labels={"figure": "claims", "shows": "The paper's numbers and ours"},
        ),
    log:
        "results/{study}/logs/check_claims.log",
    # It takes longer than any figure, and so it starts first, and figures are rendered next to it.
    priority: 1
    # On a cluster, it runs next to the head process; large studies have their own rule.
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        roles=roles_in,
        epochs=lambda wildcards: load(wildcards.study).epochs,
        title=lambda wildcards: load(wildcards.study).title,
        note=lambda wildcards: load(wildcards.study).note,
    message:
        "check the claims of {wildcards.study}"
    shell:
        "python -m created_equal check_claims {wildcards.study} > {log:q} 2>&1"


use rule check_claims as check_large_claims with:
    wildcard_constraints:
        study=LARGE_STUDIES,
    localrule: False
    resources:
        # 1.3 million examples take about 2 GB and 4 minutes, see benchmarks/README.md.
        mem_mb=8000,
        runtime=60,


ruleorder: check_large_claims > check_claims


rule test_results:
    input:
        unpack(tested_in),
        code=code(
            "planning/results.py",
            "study/derivation.py",
            "study/roles.py",
            "scores/learning.py",
        ),
    output:
        results_test_path("{study}"),
    log:
        "results/{study}/logs/test_results.log",
    # Not worth a cluster job: it takes a minute for the largest study.
    localrule: True
    conda:
        "../envs/created_equal.yaml"
    resources:
        # 1.3 million examples take 382 MB.
        mem_mb=1000,
        runtime=30,
    params:
        roles=roles_in,
    message:
        "test the results of {wildcards.study}"
    shell:
        "python -m created_equal test_results {wildcards.study} > {log:q} 2>&1"


rule claims:
    input:
        claims_of_studies(),
