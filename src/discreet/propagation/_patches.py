"""Functions of other packages that are replaced while discreet is configured, in modules loaded before it and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from discreet._base.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class Patch:
    """One method of another class, or function of another module, and what replaces it."""

    def __init__(self, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._replacement = replacement
        self._original: Callable[..., Any] | None = None

    def original(self) -> Callable[..., Any]:
        """The method as it is without the patch."""
        return self._original or cast("Callable[..., Any]", getattr(self._owner, self._name))

    def apply(self) -> None:
        """Replace the method, once: a tool that has wrapped the replacement still calls it."""
        if self._original is None:
            self._original = getattr(self._owner, self._name)
            setattr(self._owner, self._name, self._replacement)

    def undo(self) -> None:
        """Restore the method, unless a tool has wrapped the replacement; then it stays, without effect."""
        if getattr(self._owner, self._name) is self._replacement:
            setattr(self._owner, self._name, self._original)
            self._original = None


class Patches:
    """Patches that come and go together."""

    def __init__(self, modules: dict[str, Callable[[ModuleType], None]]) -> None:
        """`modules`: what to do, once, when a module is loaded; it adds patches."""
        self.on = False
        """Whether replaced functions do more than the original: those that could not be restored ask this."""
        self._modules = modules
        self._patches: list[Patch] = []

    def add(self, patch: Patch) -> Patch:
        """Another one, of a module that is loaded now."""
        self._patches.append(patch)
        if self.on:
            patch.apply()
        return patch

    def apply(self) -> None:
        """Replace all, also in modules that are loaded later. Idempotent."""
        self.on = True
        modules, self._modules = self._modules, {}
        for name, change in modules.items():
            when_imported(name, change)
        for patch in self._patches:
            patch.apply()

    def undo(self) -> None:
        """Restore all. A function that another tool has wrapped stays replaced, without effect."""
        self.on = False
        for patch in self._patches:
            patch.undo()
