"""The guesses of a class on the teacher's screen, while the class makes them."""

import pytest

from tests.pages.test_layout import complaints
from tests.pages.visit import PATIENCE
from tests.served import served

pytestmark = [pytest.mark.page, pytest.mark.slow]

CLASS = ".lab-story-class"


@pytest.fixture
def opened(browser):
    contexts = []

    def open_address(address):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".lab-story-option, .lab-story-amount")
        return page

    yield open_address
    for each in contexts:
        each.close()


def counted(page):
    return page.locator(f"{CLASS}-rows strong").all_inner_texts()


def test_the_teacher_sees_the_guesses_of_the_class_while_they_are_made(opened, tmp_path):
    with served(tmp_path, "--lazy", "--collect-guesses") as lab:
        said, _, link = lab.process.stdout.readline().strip().rpartition(" ")
        assert said == "For the teacher alone, who sees the guesses of the class:"
        step = "#story?one-step/by-one-step"
        teacher = opened(link + step)
        teacher.locator(f"{CLASS}:visible").wait_for()
        assert "teacher=" not in teacher.url
        assert teacher.url.endswith(step)
        students = [opened(lab.address + step) for _ in range(2)]
        for student, guess in zip(students, ("standard", "fgsm-trained"), strict=True):
            student.get_by_role("button", name=guess, exact=True).click()
            assert not student.locator(CLASS).is_visible()
        teacher.wait_for_function(f"document.querySelector('{CLASS}-head').textContent.includes('2 guesses')")
        assert counted(teacher) == ["1", "1", "0"]
        teacher.get_by_role("button", name="neither, within 10 points").click()  # the teacher's own does not count
        assert complaints(teacher) == []
        teacher.get_by_role("button", name="Count again").click()
        teacher.wait_for_function(f"document.querySelector('{CLASS}-head').textContent.includes('0 guesses')")

        for page in (teacher, *students):
            page.get_by_role("button", name="Next").click()
            page.locator(".lab-story-amount").wait_for()
        for student, guess in zip(students, ("20", "80"), strict=True):
            student.locator(".lab-story-amount input").fill(guess)
            student.keyboard.press("Enter")
        teacher.wait_for_function(f"document.querySelectorAll('{CLASS}-mark').length === 2")
        assert teacher.locator(f"{CLASS}-mark").first.get_attribute("style") == "left: 20%;"
        with_key = [each for each in lab.processes() if each.environ().get("LAB_TEACHER")]
        assert {each.pid for each in with_key} <= {each.pid for each in lab.children("voila")}
        key = link.rpartition("=")[2].encode()
        assert key not in b"".join(each.read_bytes() for each in (tmp_path / "logs").iterdir())
