"""Small pages that need no kernel: why there is no lab to be seen here, and what to do."""

from __future__ import annotations

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Adversarial Lab</title>
<link rel="icon" href="data:,">
{again}<style>
  body {{ margin: 0; min-height: 100vh; display: grid; place-content: center; justify-items: center; gap: 14px;
    background: #F4F6F8; color: #566272;
    font: 14px/1.45 "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }}
  h1 {{ margin: 0; color: #1B2430; font-size: 20px; font-weight: 600; }}
  p {{ margin: 0; max-width: 60ch; padding: 0 16px; text-align: center; }}
</style>
</head>
<body>
<h1>Adversarial Lab</h1>
<p role="status">{sentence}</p>
</body>
</html>
"""


def notice(sentence: str, again: int | None = None) -> str:
    """A page with one sentence, which loads itself again after so many seconds: the address keeps its state."""
    refresh = f'<meta http-equiv="refresh" content="{again}">\n' if again else ""
    return _PAGE.format(sentence=escape(sentence), again=refresh)
