"""The lab beside JupyterLab, for one user: the entry point with which jupyter-server-proxy starts it.

Nothing is imported here that a Jupyter server would have to wait for.
"""

import secrets
import sys

NAME = "adversarial-lab"
"""The name of the entry point, and the path below the user's Jupyter server."""


def server() -> dict[str, object]:
    """Return the command that serves the lab, and how it is reached.

    Other users of the machine can reach the port, so the lab has a token, which the proxy sends for those whom Jupyter
    has let in; ``Host`` and ``Origin`` are this machine's, because the proxy has examined the browser's.
    """
    token = secrets.token_urlsafe(24)
    command = [sys.executable, "-P", "-m", "lab", "serve", "--no-browser", "--lazy"]
    here = "127.0.0.1:{port}"
    return {
        "command": [*command, "--port", "{port}", "--base-url", f"{{base_url}}{NAME}/"],
        "environment": {"LAB_TOKEN": token},
        "request_headers_override": {"Authorization": f"Bearer {token}", "Host": here, "Origin": f"http://{here}"},
        "absolute_url": True,
        "timeout": 120.0,
        "launcher_entry": {"title": "Adversarial Lab"},
    }
