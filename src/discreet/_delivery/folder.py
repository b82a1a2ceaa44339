"""The folder on disk for pending lines: one per user, closed to all others."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from discreet._delivery.descriptor import belongs_to_user, user
from discreet.errors import ConfigurationError

VARIABLE = "DISCREET_STATE_DIR"
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_REMEDY = f"Set {VARIABLE} to a folder that belongs to this user"


def state_folder(given: str | None = None) -> Path:
    """The given folder, or the user's, or one among the temporary files; made if missing.

    None is the same as the value of DISCREET_STATE_DIR, an empty text the same as no folder given.
    The user's is where the XDG Base Directory Specification wants it: `$XDG_STATE_HOME/discreet`, or
    `~/.local/state/discreet`. In a given folder that belongs to root, as volumes in containers do, this user gets a
    subfolder. Raises `ConfigurationError` if no folder can be had, or if the given one belongs to another user.
    """
    given = os.environ.get(VARIABLE, "").strip() if given is None else given
    if given:
        return _given(Path(given).expanduser().absolute())
    for place in _usual():
        try:
            return private(place)
        except (OSError, ConfigurationError):  # no home, not ours, read-only: the next may do
            continue
    raise ConfigurationError(VARIABLE, given, "no folder for state can be made", _REMEDY)


def private(folder: Path) -> Path:
    """Make a folder that only this user can read. Raises `OSError`, or `ConfigurationError` if it is another user's."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()  # a link could point anywhere
        if not stat.S_ISDIR(found.st_mode):
            raise ConfigurationError(VARIABLE, str(folder), "is not a folder", _REMEDY) from None
        if not belongs_to_user(found):
            raise ConfigurationError(VARIABLE, str(folder), "belongs to another user", _REMEDY) from None
        if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
            folder.chmod(0o700)
    return folder


def place(*names: str, state_dir: str | None = None) -> Path:
    """A private folder, such as `place("spool", service, destination)`.

    The first name is a plain word. The others may be any text; together they make one readable and unique file name.
    """
    kind, *rest = names
    folder = private(state_folder(state_dir) / kind)
    return private(folder / unique_name(*rest)) if rest else folder


def unique_name(*names: str) -> str:
    """Several names as one file name: their readable characters, and a digest of all of them."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(names)).strip("-.")[:80]
    from hashlib import blake2b  # here, because it loads OpenSSL, and few processes write below this folder

    everything = "\0".join(names).encode("utf-8", "surrogatepass")
    return f"{readable}-{blake2b(everything, digest_size=4).hexdigest()}"


def _usual() -> list[Path]:
    from tempfile import gettempdir  # here, because it loads every compression there is

    places: list[Path] = []
    base = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(base):  # the specification: a relative path is invalid, ignore it
        places.append(Path(base, "discreet"))
    home = os.path.expanduser("~")
    if os.path.isabs(home) and home != os.sep and os.path.isdir(home):  # users of containers often have none
        places.append(Path(home, ".local", "state", "discreet"))
    places.append(Path(gettempdir(), _own_name()))
    return places


def _given(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()  # where a folder was named, a link to it will do
        if not belongs_to_user(found):
            if found.st_uid == 0:
                return private(folder / _own_name())
            raise ConfigurationError(VARIABLE, str(folder), "belongs to another user", _REMEDY)
        if os.name == "posix" and found.st_mode & _OTHERS_MAY_WRITE:
            return private(folder / _own_name())
    except OSError as error:
        problem = f"cannot be used ({error.strerror})"
        raise ConfigurationError(VARIABLE, str(folder), problem, _REMEDY) from None
    return folder


def _own_name() -> str:
    number = user()
    return "discreet" if number is None else f"discreet-{number}"
