"""Requests of a visitor who opens the page, who then needs a kernel, told from all others."""

from __future__ import annotations

from collections.abc import Mapping


def opens_page(headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks for the page to show it: no image of another site, no prefetch, probe or script.

    Browsers say so themselves in ``Sec-Fetch-…``. Old ones do not, and none does to an address without TLS on another
    machine; then a browser's wish for HTML tells it from what asks for anything (``*/*``) or for nothing.
    """
    if "prefetch" in headers.get("Sec-Purpose", headers.get("Purpose", "")).lower():
        return False
    mode, target, site = (headers.get(f"Sec-Fetch-{each}", "").lower() for each in ("Mode", "Dest", "Site"))
    if not (mode or target):
        return "text/html" in headers.get("Accept", "").lower()
    if mode != "navigate":
        return False
    return target == "document" or (target in ("iframe", "frame") and site in ("same-origin", "same-site", "none"))
