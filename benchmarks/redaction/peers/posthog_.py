"""posthog: what it does to the values of variables in a traceback, with its default patterns."""

from __future__ import annotations

from typing import Any

from posthog import exception_utils

NAME = "posthog"


class Scrubber:
    def __init__(self) -> None:
        self._config = exception_utils._MaskingConfig.build(  # noqa: SLF001 - it has no public door
            mask_patterns=exception_utils.DEFAULT_CODE_VARIABLES_MASK_PATTERNS,
            ignore_patterns=exception_utils.DEFAULT_CODE_VARIABLES_IGNORE_PATTERNS,
        )

    def text(self, text: str) -> str:
        return str(exception_utils._mask_value(text, self._config))  # noqa: SLF001 - as above

    def fields(self, fields: dict[str, Any]) -> Any:
        return exception_utils._mask_value(fields, self._config)  # noqa: SLF001 - as above
