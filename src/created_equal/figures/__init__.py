"""The figures, one module each: ``draw`` returns a page, or raises an InputError.

Its arguments are scores (of one ensemble, or of several by name), predictions or a dataset, opened
or read by ``artefacts``; the study's title and the names of ensembles, for the texts; the epochs to
show, if the study sets them; and, if images stay in files, ``data_root``, the folder that their
folder is relative to.
"""
