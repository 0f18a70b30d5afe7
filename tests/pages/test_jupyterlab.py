"""Every notebook in JupyterLab, as a newcomer without data opens it: its cells run, and what they show is drawn."""

import ast
import json
import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from tests.pages.visit import PATIENCE
from tests.running import running
from tests.served import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.page, pytest.mark.slow]

NOTEBOOKS = [
    each.relative_to(ROOT / "notebooks")
    for folder in (ROOT / "notebooks", ROOT / "notebooks" / "lessons")
    for each in sorted(folder.glob("*.ipynb"))
]
FAULTS = Path(__file__).with_name("notebook_faults.js").read_text("utf-8").rstrip().removesuffix(";")
OPTIONS = "--no-browser --allow-root --port=0 --expose-app-in-browser --IdentityProvider.token= --LabApp.news_url="
BUSY = ".lab-run-bar:is([data-state=waiting], [data-state=running])"
LONGEST = 4 * PATIENCE  # a page or a lesson computes for a minute on two free cores


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """A folder with copies of the notebooks, which JupyterLab saves now and then."""
    return shutil.copytree(ROOT / "notebooks", tmp_path_factory.mktemp("notebooks") / "copies")


@pytest.fixture(scope="module")
def jupyter(notebooks):
    """The address of a JupyterLab in that folder, which knows nothing of the settings and data of whoever tests."""
    home = notebooks.parent
    theirs = {f"JUPYTER_{each}_DIR": str(home / each.lower()) for each in ("CONFIG", "DATA", "RUNTIME")}
    ours = {each: value for each, value in os.environ.items() if not each.startswith(("LAB_", "JUPYTER"))}
    environment = ours | theirs | {"LAB_HOME": str(home / "lab"), "IPYTHONDIR": str(home / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS.split(), f"--ServerApp.root_dir={notebooks}"]
    said = home / "said.txt"
    with said.open("w") as log, running(*command, env=environment, cwd=home, stderr=log) as process:
        try:
            until(lambda: re.search(r"http://127\.0\.0\.1:\d+/lab", said.read_text()))
            yield re.findall(r"http://127\.0\.0\.1:\d+/lab", said.read_text())[0]
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture
def opened(browser, notebooks, jupyter):
    """Open a notebook with a kernel of its own, which ends with the test; the console must have no complaint."""
    page, complaints = browser.new_page(viewport={"width": 1280, "height": 720}), []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    api = f"{jupyter.removesuffix('lab')}api/"  # it fails at times when it is asked about a kernel that just starts

    def heard(said):
        if said.type == "error" and not said.location["url"].startswith(api):
            complaints.append(said.text)

    page.on("console", heard)

    def opens(name):
        page.goto(f"{jupyter}/tree/{name}?reset")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady")
        page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'")
        cells = json.loads((notebooks / name).read_text("utf-8"))["cells"]
        return page, [each["cell_type"] == "code" and shows("".join(each["source"])) for each in cells]

    yield opens
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    page.close()
    assert complaints == []


def shows(source):
    """Whether a cell has something to show: it prints, or its last line is an expression."""
    return "print(" in source or isinstance(ast.parse(source).body[-1], ast.Expr)


def faults(page, cells, patience=PATIENCE):
    """Run all cells, and say what is wrong with the first that is not drawn as it should be."""
    from playwright.sync_api import TimeoutError as NotDrawn

    page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ran = true; })")
    page.wait_for_function("window.ran", timeout=LONGEST)
    page.wait_for_function(f"!document.querySelector('{BUSY}')", timeout=LONGEST)
    for cell in enumerate(cells):
        page.evaluate("([index]) => jupyterapp.shell.currentWidget.content.scrollToItem(index, 'start')", cell)
        with suppress(NotDrawn):
            page.wait_for_function(f"cell => ({FAULTS})(cell).length === 0", arg=cell, timeout=patience)
        if found := page.evaluate(FAULTS, cell):
            return found
    return []


@pytest.mark.parametrize("name", NOTEBOOKS, ids=lambda each: each.stem)
def test_a_notebook_runs_and_all_it_shows_is_drawn(name, opened):
    assert faults(*opened(name)) == []


BROKEN = {
    "1 / 0": "ZeroDivisionError: division by zero",
    "from widgets.plain import Box\n\nBox([])": "an empty output",
    "from widgets.plot import PlotView\n\nPlotView('Nothing')": "a figure that is not drawn",
    "from IPython.display import HTML\n\nHTML('<img src=data:, height=20>')": "a picture that is not drawn",
    "from widgets.lesson import shown\n\nshown(5)": "AttributeError",
}


@pytest.mark.parametrize(("source", "fault"), BROKEN.items())
def test_what_is_not_drawn_is_noticed(source, fault, notebooks, opened):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # or JupyterLab asks for one
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=kernel)
    nbformat.write(written, notebooks / "broken.ipynb")
    assert any(fault in each for each in faults(*opened("broken.ipynb"), patience=3_000))
