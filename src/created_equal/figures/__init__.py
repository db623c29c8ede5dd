"""The figures, one module each: ``draw`` returns a page, and raises an InputError if it cannot.

Its arguments are scores (one ensemble's, or several by name), predictions or a dataset, as
``artefacts`` opens or reads them; the study's title and the names of ensembles, for the texts; and
the epochs to show, if the study sets them.
"""
