"""The lab behind nginx as deploy/nginx.conf sets it up: TLS, a path, a token. And the systemd unit."""

import os
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest
import websocket

from lab.browser import find_browser
from lab.server import free_port
from lab.server.frames import PROTOCOL
from tests.pages.conftest import FLAGS, NO_BROWSER
from tests.served import ROOT, served
from tests.waiting import PATIENCE, until

NAME = "lab.example.org"
TOKEN = "robust optimisation 26"
UNVERIFIED = ssl._create_unverified_context()

pytestmark = pytest.mark.slow


@contextmanager
def nginx(folder, behind):
    """Nginx with the settings of deploy/nginx.conf, but for the ports and the certificate, as this user."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    port = free_port("127.0.0.1", 0)
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    key, certificate = folder / "lab.key", folder / "lab.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("http://127.0.0.1:8866", f"http://127.0.0.1:{behind}"),
        (f"/etc/ssl/{NAME}.pem", str(certificate)),
        (f"/etc/ssl/{NAME}.key", str(key)),
    ):
        assert text.count(old) >= 1
        text = text.replace(old, new)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    rights = "user root;\n" if os.geteuid() == 0 else ""  # else its workers could not write into the test's folder
    main = f"{rights}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{main}http {{\naccess_log {folder}/access.log;\n{folders}{text}}}\n")
    process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def asked(port, path, **headers):
    """The status and the body of a request to the proxy."""
    request = urllib.request.Request(f"https://127.0.0.1:{port}{path}", headers={"Host": NAME, **headers})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=UNVERIFIED) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_the_lab_behind_nginx_with_tls_a_path_and_a_token(tmp_path, monkeypatch):
    if find_browser() is None:
        pytest.skip(NO_BROWSER)
    monkeypatch.setenv("LAB_TOKEN", TOKEN)
    options = ("--public", "--trust-host", NAME, "--trust-proxy", "127.0.0.1", "--base-url", "/lab/")
    with served(tmp_path / "home", "--lazy", *options) as lab:
        (tmp_path / "nginx").mkdir()
        with nginx(tmp_path / "nginx", urlsplit(lab.address).port) as port:
            until(lambda: _is_well(port))
            assert asked(port, "/lab/metrics")[0] == 401
            status, said = asked(port, "/lab/metrics", Authorization=f"Bearer {TOKEN}")
            assert status == 200
            assert "\nlab_visitors 0\n" in said
            with pytest.raises(websocket.WebSocketBadStatusException) as refused:
                _socket(port, "00000000-0000-0000-0000-000000000000")
            assert refused.value.status_code == 401
            _visit(port, tmp_path)
            assert "token=" not in (lab.home / "logs" / f"voila-{urlsplit(lab.address).port}.log").read_text("utf-8")


def _is_well(port):
    try:
        return asked(port, "/lab/health")[0] == 200
    except OSError:
        return False


def _socket(port, kernel, **options):
    return websocket.create_connection(
        f"wss://127.0.0.1:{port}/lab/api/kernels/{kernel}/channels?session_id=test",
        timeout=PATIENCE,
        subprotocols=[PROTOCOL],
        sslopt={"cert_reqs": ssl.CERT_NONE},
        host=NAME,
        origin=f"https://{NAME}",
        **options,
    )


def _visit(port, folder):
    """Open a link with the token in Chromium, which finds the name on this machine, and then its kernel by hand."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = [*FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        context = chromium.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 720})
        context.set_default_timeout(1000 * PATIENCE)
        page, sockets = context.new_page(), []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(f"https://{NAME}:{port}/lab/?token={TOKEN.replace(' ', '+')}#transfer")
        page.wait_for_selector(".lab-run-bar[data-state]")
        assert page.url.startswith(f"https://{NAME}:{port}/lab/#transfer")
        page.screenshot(path=folder / "page.png")
        [cookie] = [each for each in context.cookies() if each["name"].startswith("lab_access_")]
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
        kernel = re.search(r"kernels/([0-9a-f-]{36})/", sockets[0])[1]
        assert sockets[0].startswith(f"wss://{NAME}:{port}/lab/api/kernels/")
        with closing(_socket(port, kernel, cookie=f"{cookie['name']}={cookie['value']}")) as socket:
            assert socket.connected
        chromium.close()


def test_systemd_understands_the_unit():
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    ran = subprocess.run(
        [program, "verify", ROOT / "deploy" / "adversarial-lab.service"], capture_output=True, text=True, check=False
    )
    said = [line for line in ran.stderr.splitlines() if "/opt/lab/bin/python is not executable" not in line]
    assert said == []
