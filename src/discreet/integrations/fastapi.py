"""FastAPI: one wide record per request.

    app = FastAPI()
    instrument(app)

FastAPI is a Starlette application: `starlette.py` does it.
"""

from __future__ import annotations

from discreet.integrations.starlette import annotate, instrument

__all__ = ["annotate", "instrument"]
