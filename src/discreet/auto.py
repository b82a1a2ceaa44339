"""`import discreet.auto` calls `discreet.configure()`: from variables and defaults, and taking everything over."""

from __future__ import annotations

from discreet._config.configure import configure

configure()
