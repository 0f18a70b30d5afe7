"""A browser is found, installed, or reported missing in one line."""

import os
import re
import subprocess
import sys

import pytest

from lab.browser import ensure_browser, find_browser
from tests.served import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stands in for programs with shell scripts")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A machine whose only programs are these scripts; Playwright has no browser of its own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))

    def write(**scripts: str) -> None:
        for name, lines in scripts.items():
            path = tmp_path / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{lines}\n")
            path.chmod(0o755)

    return write


def test_an_installed_browser_is_found_if_it_runs(programs, tmp_path):
    programs(chromium="exit 1")
    assert find_browser() is None
    programs(google_chrome="echo Chrome 1")
    assert find_browser() == tmp_path / "google-chrome"


def test_debians_package_is_installed_where_it_may_be(programs, tmp_path):
    install = f'[ "$1" = install ] && printf "#!/bin/sh\\n" > {tmp_path}/chromium && /bin/chmod +x {tmp_path}/chromium'
    programs(apt_get=install, sudo='[ "$1" = -n ] && shift; [ "$1" = true ] || exec "$@"')
    said = []
    assert ensure_browser(said.append) == tmp_path / "chromium"
    assert said == ["No Chromium or Chrome is installed: trying Debian's chromium."]


def test_old_package_lists_are_brought_up_to_date(programs, tmp_path):
    apt = f"""
    [ "$1" = update ] && : > {tmp_path}/updated
    [ "$1" = install ] && {{ [ -e {tmp_path}/updated ] || exit 100; }}
    [ "$1" = install ] && printf "#!/bin/sh\\n" > {tmp_path}/chromium && /bin/chmod +x {tmp_path}/chromium
    """
    programs(apt_get=apt, sudo='[ "$1" = -n ] && shift; [ "$1" = true ] || exec "$@"')
    assert ensure_browser(lambda _: None) == tmp_path / "chromium"


@pytest.mark.slow
@pytest.mark.parametrize("ci", ["", "1"])
def test_without_a_browser_page_tests_skip_at_home_and_fail_in_ci(tmp_path, ci):
    environment = os.environ | {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "CI": ci}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/pages/test_restarts_page.py"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in ran.stdout.splitlines() if "Page tests need Chromium or Chrome" in line]
    assert (ran.returncode == 0) == (not ci), ran.stdout
    if not ci:
        assert len(lines) == 1
        assert re.match(r"SKIPPED \[\d\d+\]", lines[0])
    assert lines
