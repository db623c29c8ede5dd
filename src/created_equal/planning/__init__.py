"""Before a run: how large it is, what exists already, and what the rest costs."""
