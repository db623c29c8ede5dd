"""The paper's claims beside what was measured, and tests of the results that they rest on."""
