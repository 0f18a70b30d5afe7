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
  :root {{ color-scheme: light; --paper: #F4F6F8; --ink: #1B2430; --words: #566272; --line: #7C8898; --field: #FFFFFF;
    --track: #DCE1E7; --accent: #22374F; --wrong: #A3271D; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ color-scheme: dark; --paper: #12171E; --ink: #E6EBF1; --words: #A9B4C2; --line: #75818F; --field: #1A212B;
      --track: #3A4552; --accent: #9CC4EE; --wrong: #FF8E88; }}
  }}
  body {{ margin: 0; background: var(--paper); color: var(--words);
    font: 14px/1.45 "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; }}
  main {{ min-height: 100vh; display: grid; place-content: center; justify-items: center; gap: 14px; }}
  h1 {{ margin: 0; color: var(--ink); font-size: 20px; font-weight: 600; }}
  p {{ margin: 0; max-width: 60ch; padding: 0 16px; text-align: center; }}
</style>
</head>
<body>
<main>
<h1>Adversarial Lab</h1>
<p role="{role}">{sentence}</p>
{more}</main>
</body>
</html>
"""


def notice(sentence: str, again: int | None = None) -> str:
    """A page with one sentence, which loads itself again after so many seconds: the address keeps its state."""
    refresh = f'<meta http-equiv="refresh" content="{again}">\n' if again else ""
    return _PAGE.format(sentence=escape(sentence), role="status", again=refresh, more="")


NO_COOKIE = "Your browser sends no cookie, which keeps your position in the queue: allow cookies here, and reload."

_WAITING = """<i class="moving" aria-hidden="true"></i>
<p>This page opens by itself when it is your turn.</p>
<style>
  .moving {{ width: 160px; height: 3px; border-radius: 2px; overflow: hidden; background: var(--track); }}
  .moving::after {{ content: ""; display: block; width: 40%; height: 100%; border-radius: 2px;
    background: var(--accent); animation: along 1.4s ease-in-out infinite alternate; }}
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
    return _PAGE.format(sentence=escape(sentence), role="status", again="", more=more)


_FORM = """<form method="post" action="{action}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autocapitalize="none" spellcheck="false"
  required autofocus{invalid}>
<input name="next" type="hidden" value="{address}">
<button>Open the lab</button>
</form>
<style>
  form {{ display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 6px 8px; width: min(340px, 100vw - 32px); }}
  label {{ grid-column: 1 / -1; color: var(--ink); font-weight: 600; }}
  input, button {{ box-sizing: border-box; min-height: 44px; border-radius: 6px; font: inherit; font-size: 16px; }}
  input {{ width: 100%; padding: 0 12px; border: 1px solid var(--line); background: var(--field); color: var(--ink); }}
  button {{ padding: 0 16px; border: 0; background: var(--accent); color: var(--field); cursor: pointer; }}
  :focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
  [role=alert] {{ color: var(--wrong); }}
</style>
<script>
  document.forms[0].onsubmit = (event) => {{ event.target.elements.next.value += location.hash; }};
</script>
"""
_TOKEN_WANTED = "Enter the token of this lab. Its operator gives you the token, or a link that contains it."


def login(action: str, address: str, message: str = "") -> str:
    """A page with a form for the token, which goes on to ``address``; ``message`` says why the last one was refused."""
    invalid = ' aria-invalid="true"' if message else ""
    more = _FORM.format(action=escape(action), address=escape(address), invalid=invalid)
    sentence, role = (message, "alert") if message else (_TOKEN_WANTED, "status")
    return _PAGE.format(sentence=escape(sentence), role=role, again="", more=more)
