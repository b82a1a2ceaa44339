"""What an integration says when its library is not there."""

from __future__ import annotations


def missing(library: str) -> ModuleNotFoundError:
    """The error to raise, with the remedy; the extra is called like the library."""
    return ModuleNotFoundError(
        f"discreet.integrations.{library} needs {library}, which is not installed. "
        f'Install it with: pip install "discreet[{library}]"',
        name=library,
    )
