"""What only an operating system can do to a process: take its memory, fill its disk. And a damaged file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = 48 << 20  # bytes that a process may take beyond what it has
_DISK = 160 << 10
_LARGER_DISK = 64 << 20


class Disk:
    """A folder with little room: a file system of its own where we may mount one (`file_bytes` is 0), else a limit."""

    def __init__(self, folder: Path, file_bytes: int) -> None:
        self.folder = folder
        self.file_bytes = file_bytes
        """What RLIMIT_FSIZE is to be instead."""

    def make_room(self) -> None:
        """Somebody bought a larger one."""
        if not self.file_bytes:
            command = ["mount", "-o", f"remount,size={_LARGER_DISK}", str(self.folder)]
            subprocess.run(command, check=True, capture_output=True)
        self.file_bytes = 0


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[Disk]:
    folder = place / "disk"
    folder.mkdir()
    mounted = False
    if shutil.which("mount"):
        command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=0700", "chaos", str(folder)]
        mounted = not subprocess.run(command, check=False, capture_output=True).returncode
    try:
        yield Disk(folder, 0 if mounted else _DISK)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@contextlib.contextmanager
def small_memory() -> Iterator[str]:
    """A memory cgroup that a process may enter; empty where we may make none."""
    group = _group()
    try:
        yield str(group) if group else ""
    finally:
        if group:
            with contextlib.suppress(OSError):
                group.rmdir()


def _group() -> Path | None:
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
        own = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
        if "memory" in own:  # version 1
            home, limit, swap = Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
        else:
            home, limit, swap = Path("/sys/fs/cgroup"), "memory.max", "memory.swap.max"
        group = home / own.get("memory", own.get("", "/")).strip("/") / f"chaos-{uuid.uuid4().hex[:8]}"
        group.mkdir()
    except OSError:
        return None
    try:
        (group / limit).write_text(str(_MEMORY), "utf-8")
        if (group / swap).exists():
            (group / swap).write_text(str(_MEMORY if "memsw" in swap else 0), "utf-8")
    except OSError:
        group.rmdir()
        return None
    return group


def spoil(folder: Path, suffixes: tuple[str, ...]) -> None:
    """Damage a file as disks do: in the oldest one, a few bytes amid it are wrong, and its end is missing."""
    files = sorted(path for path in folder.rglob("*") if path.name.endswith(suffixes))
    with files[0].open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size // 2)
        file.write(b"\0\xff\0\xff")
        file.truncate(size - 10)


def without_leases(folder: Path) -> None:
    """The Azure exporter leaves what it stored alone for a minute; the next start does not come before that."""
    for path in folder.rglob("*.lock"):
        name, at, _ = path.name.rpartition("@")
        if at and name.endswith(".blob"):
            path.rename(path.with_name(name))
