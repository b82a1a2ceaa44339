"""Lines for Azure's consoles: Container Apps, AKS (`ContainerLogV2`) and App Service.

Their tables take a line as it is and parse JSON. So this is discreet's own line with `level` beside `severity`, in the
words that `ContainerLogV2.LogLevel` has, because that is the key that their agents look for.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from discreet._base.levels import severity_text
from discreet._encoding import json
from discreet._encoding.schemas.foreign import user_fields

if TYPE_CHECKING:
    from discreet._record import Redacted


def encode(record: Redacted) -> bytes:
    """One record as one line, newline included."""
    if "level" in record.fields or "level" in record.ambient:
        record = copy(record)
        record.fields, record.ambient = user_fields(record, ("level",)), {}
    return b'{"level":"%s",' % severity_text(record.level).encode() + json.encode(record)[1:]
