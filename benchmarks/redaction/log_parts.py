"""What the lines of system logs are made of."""

from __future__ import annotations

from collections.abc import Callable

from chance import Chance

Line = Callable[[Chance], str]


def ip(c: Chance) -> str:
    return f"{c.choice((10, 172, 192, 203))}.{c.randrange(256)}.{c.randrange(256)}.{c.randrange(1, 255)}"


def port(c: Chance) -> str:
    return str(c.randrange(1024, 65536))


def block(c: Chance) -> str:
    return f"blk_{c.choice(('', '-'))}{c.randrange(10**17, 9 * 10**18)}"


def clock(c: Chance) -> str:
    return f"{c.randrange(24):02d}:{c.randrange(60):02d}:{c.randrange(60):02d}"


def day(c: Chance) -> str:
    return f"2024-{c.randrange(1, 13):02d}-{c.randrange(1, 29):02d}"


def iso(c: Chance) -> str:
    return f"{day(c)}T{clock(c)}.{c.randrange(10**6):06d}Z"


def syslog(c: Chance, program: str) -> str:
    return f"{c.choice(('Jan', 'May', 'Dec'))} {c.randrange(1, 29):2d} {clock(c)} {c.choice(('web', 'db', 'edge'))}-{c.randrange(9)} {program}[{c.randrange(99999)}]:"


def path(c: Chance) -> str:
    return "/" + c.words(c.randrange(1, 4), "/")
