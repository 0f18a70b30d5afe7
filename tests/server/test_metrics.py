"""Numbers for Prometheus."""

import re
from collections import Counter

from lab.server.kernels import Kernels
from lab.server.metrics import metrics

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
