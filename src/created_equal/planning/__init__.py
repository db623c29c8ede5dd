"""Before a run: its size, what exists already, and what the rest costs; after it: tests of it."""
