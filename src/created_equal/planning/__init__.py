"""What a run needs before it starts: its size, what exists already, what it costs."""
