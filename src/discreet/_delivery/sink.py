"""What a user writes to send lines, or records, somewhere else."""

from __future__ import annotations


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
