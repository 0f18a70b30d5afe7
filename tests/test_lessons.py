"""The lessons run from top to bottom, and their questions accept the right answer and no other."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from lab.cli import main
from widgets.lesson import Choose, Estimate
from widgets.lesson.question import Question

LESSONS = sorted((Path(__file__).parents[1] / "notebooks" / "lessons").glob("*.ipynb"))
SLOW = (
    "2_why_one_step_is_not_enough",
    "3_pgd_and_the_saddle_point",
    "4_transfer_and_black_boxes",
    "5_ensemble_and_cascade_training",
    "6_how_not_to_fool_yourself",
)
RUN = [pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else []) for path in LESSONS]


def run(path: Path) -> list[Any]:
    """What the last line of every cell of a notebook gives, all cells in one scope."""
    scope: dict[str, Any] = {}
    shown = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            shown.append(_last("".join(cell["source"]), scope))
    return shown


def _last(source: str, scope: dict[str, Any]) -> Any:
    import ast

    tree = ast.parse(source)
    final = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), scope)
    return eval(compile(ast.Expression(final.value), "<cell>", "eval"), scope) if final else None


@pytest.mark.parametrize("path", RUN)
def test_a_lesson_runs_and_its_questions_have_answers(path):
    questions = [each for each in run(path) if isinstance(each, Question)]
    assert len(questions) >= 3
    for each in questions:
        if isinstance(each, Choose):
            verdicts = []
            for option in each.options:
                each.answer = option
                verdicts.append(each.verdict)
            assert verdicts.count("right") == 1


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_source_of_every_question_is_folded_because_it_holds_the_answer(path):
    cells = [each for each in json.loads(path.read_text(encoding="utf-8"))["cells"] if each["cell_type"] == "code"]
    asks = [re.search(r"^(Choose|Estimate)\(", "".join(each["source"]), re.MULTILINE) is not None for each in cells]
    assert [each["metadata"].get("jupyter", {}).get("source_hidden", False) for each in cells] == asks


def test_an_estimate_is_judged_by_what_was_measured():
    question = Estimate("How many?", 0.5, within=0.1, why="So it is.")
    for answer, verdict in {"0.45": "right", "0.7": "wrong", "many": "wrong", "nan": "wrong", "inf": "wrong"}.items():
        question.answer = answer
        assert question.verdict == verdict
    question.answer = 0.55
    assert question.words == "Right. Measured here: 0.5. So it is."


def test_a_right_option_must_be_among_the_options():
    with pytest.raises(ValueError, match="not among"):
        Choose("Which?", ["a", "b"], right="c")


def test_the_lessons_are_copied_out_and_a_students_copy_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["lessons", "mine/course"]) == 0
    copies = sorted((tmp_path / "mine" / "course").iterdir())
    assert [each.name for each in copies] == [each.name for each in LESSONS]
    assert [each.read_bytes() for each in copies] == [each.read_bytes() for each in LESSONS]
    copies[0].write_text("my answers")
    copies[1].unlink()
    assert main(["lessons", "mine/course"]) == 0
    assert copies[0].read_text() == "my answers"
    assert copies[1].read_bytes() == LESSONS[1].read_bytes()
    assert f"Lessons copied into {tmp_path / 'mine' / 'course'}: 1." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["my course", "-1", "it's"])
def test_the_command_that_opens_the_lessons_is_one_for_a_shell(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert main(["lessons", name]) == 0
    [*_, command] = capsys.readouterr().out.rstrip("\n").partition("with: ")
    assert shlex.split(command) == ["jupyter", "lab", str(tmp_path / name)]


def test_lessons_are_not_copied_onto_a_file(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["lessons", str(tmp_path / "file")]) == 2
    assert "is a file: name a folder for the lessons." in capsys.readouterr().err
