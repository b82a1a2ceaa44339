"""`import discreet.auto`: configure from the environment, now, and take everything over."""

from __future__ import annotations

from discreet._config.configure import configure

configure()
