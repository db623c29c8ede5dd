"""Planning a run: its size, existing results, and the cost of the rest; tests of its results."""
