"""`import discreet.auto`: configure from the environment, now, and take everything over."""

from __future__ import annotations

from discreet._configure import configure

configure()
