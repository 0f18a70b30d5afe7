"""Numbers for Prometheus."""

import re
import urllib.request
from collections import Counter

from lab.server.kernels import Kernels
from lab.server.metrics import CONTENT_TYPE, metrics
from tests.served import served
from tests.server.visitor import Visitor
from tests.waiting import PATIENCE

LINE = re.compile(r'(lab_[a-z_]+)(?:\{[a-z]+="[a-z]+"\})? (\d+)')


def test_every_number_has_a_meaning_and_a_kind():
    kernels = Kernels(most_visitors=7)
    kernels.waitlist.join("a")
    lines = metrics(kernels, Counter({"address": 2})).splitlines()
    assert "lab_visitors 0" in lines
    assert "lab_visitors_admitted 7" in lines
    assert "lab_waiting_visitors 1" in lines
    assert 'lab_refusals_total{limit="address"} 2' in lines
    assert 'lab_refusals_total{limit="queue"} 0' in lines
    for each in lines:
        if not each.startswith("#"):
            name = LINE.fullmatch(each)[1]
            assert any(line.startswith(f"# HELP {name} ") for line in lines)
            assert any(line.startswith(f"# TYPE {name} ") for line in lines)


def test_a_running_server_shows_its_numbers(tmp_path):
    with served(tmp_path, "--lazy", "--preheat", "0") as server:
        Visitor(server.address)
        with urllib.request.urlopen(f"{server.address}/metrics", timeout=PATIENCE) as answer:
            assert answer.headers["Content-Type"] == CONTENT_TYPE
            said = answer.read().decode()
    assert "\nlab_visitors 1\n" in said
    assert "\nlab_kernels 1\n" in said
