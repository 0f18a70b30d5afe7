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
{more}</body>
</html>
"""


def notice(sentence: str, again: int | None = None) -> str:
    """A page with one sentence, which loads itself again after so many seconds: the address keeps its state."""
    refresh = f'<meta http-equiv="refresh" content="{again}">\n' if again else ""
    return _PAGE.format(sentence=escape(sentence), again=refresh, more="")


NO_COOKIE = "Your browser sends no cookie, which keeps your position in the queue: allow cookies here, and reload."

_WAITING = """<i class="moving" aria-hidden="true"></i>
<p>This page opens by itself when it is your turn.</p>
<style>
  .moving {{ width: 160px; height: 3px; border-radius: 2px; overflow: hidden; background: #DCE1E7; }}
  .moving::after {{ content: ""; display: block; width: 40%; height: 100%; border-radius: 2px; background: #22374F;
    animation: along 1.4s ease-in-out infinite alternate; }}
  @keyframes along {{ from {{ transform: translateX(0); }} to {{ transform: translateX(150%); }} }}
  @media (prefers-reduced-motion: reduce) {{ .moving::after {{ animation: none; }} }}
</style>
<noscript><p>The lab needs JavaScript.</p></noscript>
<script>
  const status = document.querySelector("[role=status]");
  const say = (sentence) => sentence !== status.textContent && (status.textContent = sentence);
  async function wait(position) {{
    if (position !== "") document.title = `${{position + 1}} · Adversarial Lab`;
    let news;
    try {{
      news = await (await fetch(`{queue}?position=${{position}}`, {{ cache: "no-store" }})).json();
    }} catch {{
      say("The lab does not respond. Trying again …");
      setTimeout(wait, 2000, "");
      return;
    }}
    if (news.open) return location.reload();
    say(news.sentence);
    if (news.position === undefined) return;
    wait(news.position);
  }}
  wait({position});
</script>
"""


def waiting(sentence: str, position: int, queue: str) -> str:
    """A page for a visitor behind so many others, which asks ``queue`` for news and opens when it is his turn."""
    more = _WAITING.format(position=position, queue=escape(queue))
    return _PAGE.format(sentence=escape(sentence), again="", more=more)
