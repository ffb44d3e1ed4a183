"""`GET /`: what is served here, how it is doing and how to connect. Nothing is loaded from elsewhere."""

import base64
import hashlib
from importlib.resources import files


def _load() -> tuple[str, str]:
    folder = files(__package__)
    html = folder.joinpath("page.html").read_text(encoding="utf-8")
    hashes = []
    for tag in ("style", "script"):
        inner = html.split(f"<{tag}>", 1)[1].split(f"</{tag}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        hashes.append(f"{tag}-src 'sha256-{digest}'")
    policy = f"default-src 'none'; {'; '.join(hashes)}; connect-src 'self'; img-src data:; base-uri 'none'"
    return html, f"{policy}; form-action 'none'; frame-ancestors 'none'"


PAGE, _policy = _load()

PAGE_HEADERS = {
    "Content-Security-Policy": _policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
