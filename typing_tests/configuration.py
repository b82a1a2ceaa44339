"""Configuration, and what can be asked of a configured process."""

from __future__ import annotations

from pathlib import Path

import discreet

discreet.configure()
discreet.configure(level="info,sqlalchemy=debug", format="json", service="shop", version="1.2", environment="prod")
discreet.configure(sinks=[discreet.File(Path("app.log"), level="warning"), discreet.Stream()])
discreet.configure(file="app.log", with_locals=True)
discreet.configure(redaction=discreet.Redaction(extra_keys=["badge"], patterns={"badge": "B-[0-9]{6}"}))
discreet.set_level("db", "debug", ttl=600)
discreet.flush()

try:
    discreet.configure(level="loud")
except discreet.ConfigurationError as error:
    problem: ValueError = error

discreet.configure(levle="info")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # no such setting
discreet.configure("info")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # settings are named
