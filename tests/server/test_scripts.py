"""Scripts that browsers keep."""

import subprocess
import sys


def test_plotly_is_read_by_a_server_that_does_not_import_it():
    code = (
        "import sys; from lab.server.scripts import plotly_address, plotly_js; "
        "print(plotly_address().partition('?')[0], len(plotly_js()) > 1e6, 'plotly' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "plotly.js True False\n"
