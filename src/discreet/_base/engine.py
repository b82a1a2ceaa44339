"""The engine that redacts and encodes. A compiled one may only be imported here; so far there is only plain Python."""

from __future__ import annotations

ENGINE = "python"
"""The name that `health()` and `discreet doctor` show."""
