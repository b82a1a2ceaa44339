"""Lines for Azure's consoles: Container Apps, AKS (`ContainerLogV2`) and App Service.

Their tables parse JSON lines. So this is discreet's default line with one more key, `level`: Azure's agents look for
it, in the words of `ContainerLogV2.LogLevel`.
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
