"""Which engine redacts and encodes: the only module that may import the compiled leaf.

Plain Python is the specification and always there. The leaf is not there yet.
"""

from __future__ import annotations

ENGINE = "python"
"""What `health()` and `discreet doctor` name."""
