"""The refusal of a file of data: one sentence, which does not keep anyone waiting."""

import threading

import pytest

from lab.errors import DataError


def within(seconds, ask):
    """What ``ask`` returns or raises; a call that blocks fails instead of blocking the tests."""
    found = []

    def run():
        try:
            found.append(ask())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it blocks"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def refusal(ask, name):
    with pytest.raises(DataError) as found:
        within(20, ask)
    sentence = str(found.value)
    assert name in sentence
    assert len(sentence) <= 300
    assert sentence.endswith(".")
    return sentence
