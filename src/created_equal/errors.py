"""The one exception that speaks to the user."""


class InputError(Exception):
    """Something that the user gave cannot be used.

    Its message is what the user reads, and all of it: one sentence that says what is wrong, where,
    and what to do about it. The command line prints it without a stack trace and exits with 2.
    """
