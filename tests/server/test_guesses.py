"""The guesses of a class: one of each visitor who is here, seen by nobody but the teacher."""

import json
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from lab.server.access import Access
from lab.server.classroom import GuessesHandler
from lab.server.guesses import MOST, Guesses
from lab.server.identity import COOKIE, Identities
from lab.stories import STORIES, Amount, Telling, guessable, write
from tests.server.test_access import FORM, KEY, PATH, TOKEN, Echo, Lab, running

TEACHER = "the teacher's own"
OPTIONS, NUMBER = "first-example/a-step", "one-step/how-many"
STEPS = {OPTIONS: [0, 2, 1], NUMBER: [5, 100, 0]}


class Class(Lab):
    """A running server whose visitors are ``here``, with the requests of a visitor and of the teacher."""

    here: set[str]

    def guess(self, visitor, step, guess):
        cookie = f"{COOKIE}={visitor}" if visitor else ""
        body = urlencode({"step": step, "guess": guess})
        response, _ = self.request(f"{PATH}guesses", "POST", body, Cookie=cookie, **FORM)
        return response.status

    def seen(self, cookie, step=OPTIONS, method="GET"):
        response, said = self.request(f"{PATH}guesses?{urlencode({'step': step})}", method, Cookie=cookie)
        return response.status, json.loads(said)["guesses"] if response.status == 200 else None

    def teacher(self):
        response, _ = self.request(f"{PATH}?{urlencode({'teacher': TEACHER})}")
        assert (response.status, response.headers["Location"]) == (302, PATH)
        return "; ".join(each.partition(";")[0] for each in response.headers.get_all("Set-Cookie"))

    def visitor(self):
        visitor = self.application.settings["identities"].new()
        self.here.add(visitor.partition(".")[0])
        return visitor


@pytest.fixture(params=[False, True], ids=["open", "with a token"])
def school(request):
    here = set()
    with running(
        [(f"{PATH}guesses", GuessesHandler), (r"/.*", Echo)],
        Class,
        access=Access(TOKEN, KEY, "lab_access_1") if request.param else None,
        guesses=Guesses(STEPS, Access(TEACHER, KEY, "lab_teacher_1")),
        identities=Identities(),
        kernel_manager=SimpleNamespace(pages_of=lambda visitor: int(visitor in here)),
        unlocked=(f"{PATH}guesses",),  # what a token keeps out is test_access's
    ) as found:
        found.here = here
        yield found


def test_the_teacher_sees_how_many_made_each_guess_and_nobody_else_does(school):
    visitors = [school.visitor() for _ in range(4)]
    for visitor, guess in zip(visitors, (0, 2, 2, 1), strict=True):
        assert school.guess(visitor, OPTIONS, guess) == 204
    assert school.seen(school.teacher()) == (200, [[0, 1], [1, 1], [2, 2]])
    assert school.seen(f"{COOKIE}={visitors[0]}") == (204, None)
    assert school.seen("lab_teacher_1=forged.0000") == (204, None)
    assert school.seen(f"{COOKIE}={visitors[0]}", method="DELETE") == (403, None)


def test_a_visitor_has_one_guess_the_last_one(school):
    visitor, teacher = school.visitor(), school.teacher()
    for guess in (0, 1, 1):
        assert school.guess(visitor, OPTIONS, guess) == 204
    assert school.seen(teacher) == (200, [[1, 1]])
    assert school.guess(visitor, NUMBER, "7.5") == 204
    assert school.seen(teacher, NUMBER) == (200, [[7.5, 1]])


def test_it_is_counted_anew_for_the_next_class(school):
    teacher = school.teacher()
    school.guess(school.visitor(), OPTIONS, 1)
    school.guess(school.visitor(), NUMBER, 9)
    assert school.seen(teacher, method="DELETE") == (204, None)
    assert school.seen(teacher) == (200, [])
    assert school.seen(teacher, NUMBER) == (200, [[9, 1]])


@pytest.mark.parametrize("guess", ["3", "-1", "0.5", "nan", "inf", "1e400", "", "one", "0x1", "1" * 5000, "١٢٣"])
def test_what_is_no_guess_is_not_counted(school, guess):
    assert school.guess(school.visitor(), OPTIONS, guess) == 400
    assert school.seen(school.teacher()) == (200, [])


@pytest.mark.parametrize(
    "step", ["", "no-such/step", "first-example", OPTIONS + "&results=after-guess", "\0", "s" * 5000]
)
def test_a_step_that_there_is_not_has_no_guesses(school, step):
    assert school.guess(school.visitor(), step, 1) == 400
    assert school.seen(school.teacher(), step) == (404, None)
    assert school.seen(school.teacher(), step, "DELETE") == (204, None)


def test_who_has_no_page_open_makes_no_guess(school):
    absent = school.application.settings["identities"].new()
    forged = f"{school.visitor().partition('.')[0]}.{'0' * 64}"
    assert [school.guess(each, OPTIONS, 1) for each in (absent, forged, "")] == [403] * 3
    assert school.seen(school.teacher()) == (200, [])


def test_a_wrong_link_of_a_teacher_gives_nothing_and_cannot_be_tried_for_long(school):
    for _ in range(30):
        response, said = school.request(f"{PATH}?teacher=guess", X_Forwarded_For="203.0.113.9")
        assert response.status == 401
        assert "not the link to the guesses" in said
        assert "Set-Cookie" not in response.headers
    response, _ = school.request(f"{PATH}?{urlencode({'teacher': TEACHER})}", X_Forwarded_For="203.0.113.9")
    assert response.status == 429
    school.teacher()  # from another address


def test_the_teachers_link_leads_on_and_opens_a_lab_with_a_token(school):
    response, _ = school.request(f"{PATH}?{urlencode({'a': 'b', 'teacher': TEACHER})}")
    assert response.headers["Location"] == f"{PATH}?a=b"
    _, said = school.request(f"{PATH}metrics", Cookie=school.teacher())
    assert said.startswith("inside")


def test_where_none_are_collected_there_is_nothing_to_see(school):
    teacher = school.teacher()
    school.application.settings["guesses"] = None
    assert school.guess(school.visitor(), OPTIONS, 1) == 404
    assert school.seen(teacher) == (404, None)
    if school.application.settings["access"] is None:
        _, said = school.request(f"{PATH}?{urlencode({'teacher': TEACHER})}")
        assert said == f"inside {PATH} []"  # and no log has what was there


def test_a_step_keeps_the_guesses_of_so_many_visitors():
    guesses = Guesses(STEPS, Access(TEACHER, KEY, "lab_teacher_1"))
    assert all(guesses.make(OPTIONS, str(each), "1") for each in range(MOST))
    assert not guesses.make(OPTIONS, "one more", "1")
    assert guesses.make(OPTIONS, "0", "2")
    assert guesses.counts(OPTIONS) == {1: MOST - 1, 2: 1}


def test_what_the_stories_ask_can_be_guessed():
    found = guessable()
    steps = [(write(Telling(story, i)), each) for story in STORIES for i, each in enumerate(story.steps)]
    assert found.keys() == {address for address, _ in steps}
    guesses = Guesses(found, Access(TEACHER, KEY, "lab_teacher_1"))
    for address, step in steps:
        if isinstance(step.guess, Amount):
            made = (step.guess.least, step.guess.most, (step.guess.least + step.guess.most) / 2)
            outside = (step.guess.least - 1, step.guess.most + 1)
        else:
            made, outside = range(len(step.guess)), (-1, len(step.guess), 0.5)
        assert all(step.admits(each) and guesses.make(address, "a", str(each)) for each in made)
        assert not any(step.admits(each) or guesses.make(address, "a", str(each)) for each in outside)
