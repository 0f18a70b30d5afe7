"""Each page has a notebook, which is headed by its name and opens it."""

import json
import sys
from pathlib import Path

import pytest

from widgets.dashboards.app import PAGES

FOLDER = Path(__file__).parents[1] / "notebooks"


def test_every_page_has_a_notebook_and_no_other_is_there():
    assert {each.stem for each in FOLDER.glob("*.ipynb")} == {each.name.replace("-", "_") for each in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_pages_notebook_is_headed_by_its_name_and_leaves_the_question_to_the_page(page):
    notebook = json.loads((FOLDER / f"{page.name.replace('-', '_')}.ipynb").read_text(encoding="utf-8"))
    words, code = ("".join(each["source"]) for each in notebook["cells"])
    heading = words.splitlines()[0].removeprefix("# ")
    assert heading.lower() == page.name.replace("-", " ")
    assert notebook["metadata"]["title"] == heading
    assert sys.modules[page.build.__module__].QUESTION not in words
    assert code == (
        f"from {page.build.__module__.removesuffix('.page')} import {page.build.__name__}\n\n{page.build.__name__}()"
    )
