"""The paper's figures: one module each, whose ``draw`` takes scores and returns a figure."""
