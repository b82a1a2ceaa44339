"""What a user writes to send lines, or records, somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class Sink:
    """Where lines go. Subclass it and write `write`; everything else has sensible defaults.

    `format` is "auto" or a name that `DISCREET_FORMAT` takes. `level` is the lowest level that the sink takes (None:
    every record that was made), `below` the lowest level that it does not take any more. They are plain attributes:
    a subclass may set them as it likes.

    A sink that also has a method `write_record(record)` gets each redacted record instead of a line; its `format` has
    no effect then. discreet calls `write` and `write_record` for one record at a time, under a lock. It counts what
    they deliver, and what they lose when they raise.
    """

    format: str = "auto"
    level: int | str | None = None
    below: int | str | None = None

    if not TYPE_CHECKING:  # type checkers would hold its parameters against those of every `__init__`

        def __new__(cls, *args: Any, **options: Any) -> Any:
            """Remember the arguments: a child process that is not forked makes its own sink of them."""
            self = super().__new__(cls)
            vars(self)["_made_with"] = args, options
            return self

    def __init__(self, *, format: str = "auto", level: int | str | None = None) -> None:  # noqa: A002 - the setting's name
        self.format = format
        self.level = level

    def write(self, line: bytes) -> None:
        """Deliver one whole line, newline included. If it raises, the line is dropped, under the error's name."""
        raise NotImplementedError

    def flush(self, timeout: float | None = None) -> bool | None:
        """Return when everything that was written so far is delivered, or after `timeout` seconds (None: however long).

        False means that some of it is not delivered. A `flush(self)` that takes no timeout serves too.
        """
        return True

    def close(self) -> None:
        """Release what the sink holds. Called after `flush`, by the `configure()` that no longer names the sink."""


def arguments_of(sink: Sink) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a sink was made with, as positional and as keyword arguments. Raises `KeyError` if that is not known."""
    args, options = vars(sink)["_made_with"]
    return args, options
