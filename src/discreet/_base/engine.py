"""Which engine encodes and redacts. The only module that may import the compiled leaf.

Plain Python is the specification and always there. Where the compiled leaf is installed it replaces the pure
functions named here, byte for byte the same; everything else in discreet asks this module and cannot tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discreet._encoding import json as _json

if TYPE_CHECKING:
    from discreet._record import Encoder

ENGINE = "python"
"""What `health()` and `discreet doctor` name."""

encode_json: Encoder = _json.encode
"""A redacted record to its line of JSON."""
