"""Configuration, and what can be asked of a configured process."""

from __future__ import annotations

from pathlib import Path

import discreet

discreet.configure()
discreet.configure(level="info,sqlalchemy=debug", format="json", service="shop", version="1.2", environment="prod")
discreet.configure(sinks=[discreet.File(Path("app.log"), level="warning"), discreet.Stream()])
discreet.configure(file="app.log", with_locals=True)
discreet.configure(redaction=discreet.Redaction(extra_keys=["badge"], patterns={"badge": "B-[0-9]{6}"}))
discreet.configure(redaction="policy.json", pseudonym_key=discreet.Secret("k1:0123456789abcdef"))
discreet.configure(stream="split", delivery="ring", spool=False, exit_timeout=2.5, state_dir=Path("/var/lib/shop"))
discreet.configure(level={"": "info", "db": "debug"}, take_over=False)
discreet.set_level("db", "debug", ttl=600)
discreet.flush()

try:
    discreet.configure(level="loud")
except discreet.ConfigurationError as error:
    problem: ValueError = error

discreet.configure(format="xml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such format
discreet.configure(stream="stdin")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such stream
discreet.configure(delivery="fast")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such way
discreet.configure(exit_timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a number
discreet.configure(levle="info")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # no such setting
discreet.configure("info")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # settings are named
