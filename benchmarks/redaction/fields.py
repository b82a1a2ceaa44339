"""Secrets in the fields of a record: under a telling name, deep inside, in lists, as bytes, as a name, in a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chance import Chance
from marks import secret as s
from shapes import camel, header

Fields = Callable[[Chance, str, str], dict[str, Any]]

NAMED: dict[str, Fields] = {
    "field": lambda c, k, v: {"user": c.person(), k: s(v), "n": 3},
    "field in camel case": lambda c, k, v: {camel(k): s(v), "ok": True},
    "nested field": lambda c, k, v: {"config": {"db": {"host": c.host(), k: s(v)}}},
    "field in a list": lambda c, k, v: {"users": [{"id": 1, k: s(v)}, {"id": 2}]},
    "list under a name": lambda c, k, v: {k: [s(v)], "host": c.host()},
    "field of headers": lambda c, k, v: {"headers": {"accept": "*/*", header(k): s(v)}},
    "field of header pairs": lambda c, k, v: {"headers": [["accept", "*/*"], [k, s(v)]]},
    "field of bytes": lambda c, k, v: {"raw": {k: s(v).encode()}, "size": 12},
    "field name and value": lambda c, k, v: {"env": [{"name": k, "value": s(v)}, {"name": "PORT", "value": "80"}]},
    "field with json": lambda c, k, v: {"body": json.dumps({"user": c.person(), k: s(v)}, ensure_ascii=False)},
    "field with a query": lambda c, k, v: {
        "url.query": f"a=1&{k}={s(v)}&b=2" if v.isalnum() else f'{{"{k}": "{s(v)}"}}'
    },
    "field with arguments": lambda c, k, v: {"argv": ["tool", f"--{k.replace('_', '-')}", s(v), "run"]},
}

BARE: dict[str, Fields] = {
    "innocent field": lambda c, k, v: {"arg": s(v), "host": c.host()},
    "field as a name": lambda c, k, v: {"seen": {s(v): 3}},
    "field with prose": lambda c, k, v: {"detail": f"token {s(v)} was rejected", "status": 401},
    "field deep in lists": lambda c, k, v: {"batch": [[["x", s(v)]]]},
    "bytes field": lambda c, k, v: {"packet": f"hello {s(v)} bye".encode()},
}
