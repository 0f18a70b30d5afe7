"""The one kind of error that a person is meant to read."""


class LabError(Exception):
    """Something a person can mend. Its message is one sentence: what is wrong, where, and how to mend it.

    The command line prints it without a traceback and exits with code 2; a page shows it in its run bar.
    """


class SpecError(LabError, ValueError):
    """A field of a spec is outside its limits, unknown, or of the wrong type."""


class DataError(LabError, ValueError):
    """A data set is damaged, missing, or not of the expected form."""


class ModelError(LabError, ValueError):
    """A model cannot be built, loaded, or used as a classifier."""


class AttackError(LabError, ValueError):
    """An attack was asked for something impossible, or proposed an image outside the threat model."""


class EngineError(LabError, RuntimeError):
    """The engine cannot be reached, refuses a job, or lost it."""
