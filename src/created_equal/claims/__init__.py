"""The paper's claims beside what was measured, and tests of the results that they rest on.

Import from its modules: ``roles`` alone needs no library, so that the workflow may ask it what the
claims of a study read.
"""
