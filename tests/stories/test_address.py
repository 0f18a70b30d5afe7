"""Links to the steps of stories: what was written is read, and nothing else is."""

import pytest

from lab import stories
from lab.errors import LabError
from lab.stories import STORIES, Telling


@pytest.mark.parametrize("without_settings", [False, True])
@pytest.mark.parametrize("guess_first", [False, True])
def test_what_was_written_is_read(without_settings, guess_first):
    for story in STORIES:
        for position in range(len(story.steps)):
            telling = Telling(story, position, without_settings, guess_first)
            assert stories.read(stories.write(telling)) == telling


def test_a_teacher_can_write_a_link_by_hand():
    telling = stories.read("one-step/by-one-step&results=after-guess&settings=hidden")
    assert (telling.step.page, telling.guess_first, telling.without_settings) == ("robustness-curves", True, True)


@pytest.mark.parametrize(
    "text",
    ["", "/", "one-step", "one-step/", "/by-one-step", "one-step/nothing", "one-step/by-one-step&", "x" * 90_000,
     "one-step/by-one-step&results=always", "one-step/by-one-step&settings=hidden=1", "one-step/by-one-step/2",
     "__class__/__dict__", "é&é"],
)  # fmt: skip
def test_what_names_no_step_is_refused_in_a_sentence(text):
    with pytest.raises(LabError, match=r"^This link names no step of a story: .{1,80}\.$"):
        stories.read(text)
