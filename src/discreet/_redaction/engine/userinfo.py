"""Step 3, redact: `user:password@host` without a scheme before it, as drivers and proxies take it."""

from __future__ import annotations

from discreet._base.lazy_pattern import lazy_pattern
from discreet._redaction.engine.checksums import generated, mixed
from discreet._redaction.engine.values import Span, innocent

_MOST = 300
_BACK = lazy_pattern(r"""([^\s"'@<>]{3,256}?):([\w.\-+%]{1,64})(?=[\s"'=(,\[`]|\Z)""")
_DRIVER = lazy_pattern(r"@(?:tcp|tcp6|udp|unix|cloudsql\w{0,8})\(")
_ADDRESSES = frozenset(("sip", "sips", "mailto", "xmpp", "acct", "email", "mail", "to", "from", "cc", "user", "npm"))
_HOST = lazy_pattern(r"@[A-Za-z0-9][\w.\-]{1,253}:\d{2,5}(?:[\s/\"',;)?]|\Z)")


def userinfo(text: str) -> list[Span]:
    """Spans of the passwords."""
    found: list[Span] = []
    position = text.find("@")
    floor = 0
    while position >= 0:
        driver = _DRIVER.match(text, position) is not None
        if driver or _HOST.match(text, position) is not None:
            back = _BACK.match(text[max(floor, position - _MOST) : position][::-1])
            value = back.group(1)[::-1] if back is not None else ""
            if back is None or back.group(2)[::-1].lower() in _ADDRESSES:
                value = ""
            if (
                value
                and "//" not in value
                and (driver or generated(value) or mixed(value))
                and not innocent(value, "password")
            ):
                found.append((position - len(value), position, "url-password"))
        floor = position + 1
        position = text.find("@", floor)
    return found
