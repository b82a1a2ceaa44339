"""What was said on stderr, so that it is said once."""

from __future__ import annotations

from discreet._base.diagnostics import report_problem


class Said:
    """Things that one sink has to say."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def once(self, what: str, text: str) -> None:
        """Say the text, unless something was said of this before."""
        if what not in self._known:
            self._known.add(what)
            report_problem(text)

    def elsewhere(self, what: str) -> None:
        """It is said by somebody else."""
        self._known.add(what)
