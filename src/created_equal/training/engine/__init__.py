"""What decides the predictions of a network; an edit in this folder makes other networks."""
