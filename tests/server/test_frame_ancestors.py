"""Which sites may show the lab in a frame of theirs."""

import pytest

from lab.errors import LabError
from lab.server.hosts import origin_of
from lab.server.light import framing
from lab.server.navigation import opens_page


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://lms.example.org", "https://lms.example.org"),
        ("HTTPS://LMS.Example.org:443/", "https://lms.example.org"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_site_that_may_show_the_lab_is_named_by_its_origin(text, origin):
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "lms.example.org",
        "https://*",
        "https://a.example/course",
        "https://a.example; script-src *",
        "https://",
        "https://a b",
        "javascript:alert(1)",
        "https://u@a.example",
        "'self'",
        "https://a.example?b",
        "https://ä.example",
        "",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(LabError, match="--frame-ancestors takes the origin"):
        origin_of(text)


def test_only_such_a_site_may_open_the_page_in_a_frame():
    inside = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    lms = ("https://lms.example.org",)
    assert opens_page(inside | {"Referer": "https://lms.example.org/course/7"}, lms)
    assert opens_page(inside, lms)  # one that does not say who it is; the browser keeps others out
    assert not opens_page(inside | {"Referer": "https://evil.example/"}, lms)
    assert not opens_page(inside | {"Referer": "https://["}, lms)
    assert not opens_page(inside)
    assert framing(lms) == {"Content-Security-Policy": "frame-ancestors 'self' https://lms.example.org"}
