"""The lab beside JupyterLab: what jupyter-server-proxy is told, without jupyter-server-proxy."""

import subprocess
import sys
import tomllib
from importlib import import_module

from lab import hub
from lab.cli.main import parser
from lab.server.access import check_token
from tests.served import ROOT


def test_the_entry_point_names_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [(name, where)] = project["entry-points"]["jupyter_serverproxy_servers"].items()
    module, _, function = where.partition(":")
    assert name == hub.NAME
    assert getattr(import_module(module), function) is hub.server


def test_it_serves_below_the_users_path_with_a_token_that_only_the_proxy_has():
    one, two = hub.server(), hub.server()
    filled = [each.format(port=5000, base_url="/user/ann/") for each in one["command"]]
    assert filled[:4] == [sys.executable, "-P", "-m", "lab"]
    options = parser().parse_args(filled[4:])
    assert (options.port, options.base_url, options.token) == (5000, "/user/ann/adversarial-lab/", None)
    token = one["environment"]["LAB_TOKEN"]
    check_token(token)
    assert token != two["environment"]["LAB_TOKEN"]
    assert one["request_headers_override"]["Authorization"] == f"Bearer {token}"
    assert token not in " ".join(filled)


def test_a_jupyter_server_waits_for_nothing_of_the_lab():
    code = "import sys, lab.hub; print({'torch', 'numpy', 'dask', 'tornado'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
