"""The figures, one module each: ``draw`` returns a page, or raises an InputError.

Its arguments are scores (of one ensemble, or of several by name), predictions or a dataset, opened
or read by ``artefacts``; the study's title and the names of ensembles, for the texts; and the
epochs to show, if the study sets them.
"""
