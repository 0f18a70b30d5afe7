"""Requests of a visitor who opens the page, who then needs a kernel, told from all others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def opens_page(headers: Mapping[str, str], framed_by: Collection[str] = ()) -> bool:
    """Return whether a browser asks for the page to show it: no image of another site, no prefetch, probe or script.

    Browsers say so themselves in ``Sec-Fetch-…``. Old ones do not, and none does to an address without TLS on another
    machine; then a browser's wish for HTML tells it from what asks for anything (``*/*``) or for nothing. ``framed_by``
    are the origins of other sites that may show it inside their pages.
    """
    if "prefetch" in headers.get("Sec-Purpose", headers.get("Purpose", "")).lower():
        return False
    mode, target, site = (headers.get(f"Sec-Fetch-{each}", "").lower() for each in ("Mode", "Dest", "Site"))
    if not (mode or target):
        return "text/html" in headers.get("Accept", "").lower()
    if mode != "navigate":
        return False
    if target not in ("iframe", "frame"):
        return target == "document"
    return site in ("same-origin", "same-site", "none") or _is_of(headers.get("Referer", ""), framed_by)


def _is_of(page: str, origins: Collection[str]) -> bool:
    """Return whether a page is one of those sites', as far as the browser says so; none is without any sites."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return False
    return bool(origins) and (not page or f"{parts.scheme}://{parts.netloc}".lower() in origins)
