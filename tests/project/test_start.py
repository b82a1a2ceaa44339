"""A start loads and compiles only what every process needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import discreet
from discreet._base.lazy_pattern import lazy_pattern

ROOT = Path(discreet.__file__).parents[1]
FOR_SOME = (
    "ast",
    "asyncio",
    "bz2",
    "concurrent.futures",
    "dataclasses",
    "difflib",
    "dis",
    "email",
    "gzip",
    "hashlib",
    "html",
    "http",
    "inspect",
    "lzma",
    "mmap",
    "multiprocessing",
    "pathlib",
    "platform",
    "queue",
    "random",
    "shutil",
    "socket",
    "ssl",
    "struct",
    "subprocess",
    "tempfile",
    "urllib",
    "uuid",
    "zlib",
)
"""Modules that take long to import, and that only some processes need."""


def test_until_the_first_record_nothing_is_imported_that_only_some_processes_need() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import discreet\n"
        "discreet.configure(format='json', service='shop')\n"
        "discreet.log.info('order {order} shipped', order=17)\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, sorted(set(FOR_SOME) & set(done.stderr.split()))) == (0, [])
    assert "order 17 shipped" in done.stdout


def test_a_lazy_pattern_does_what_the_compiled_one_does() -> None:
    lazy, compiled = lazy_pattern(r"(\w)=(\d)", re.IGNORECASE), re.compile(r"(\w)=(\d)", re.IGNORECASE)
    text = "a=1, B=2"
    for _ in range(2):  # at its first use, and afterwards
        assert [found.span() for found in lazy.finditer(text)] == [found.span() for found in compiled.finditer(text)]
        assert lazy.findall(text) == compiled.findall(text)
        assert lazy.split(text) == compiled.split(text)
        assert lazy.sub("x", text) == compiled.sub("x", text)
        assert lazy.pattern == compiled.pattern
        for found, expected in (
            (lazy.match(text, 5), compiled.match(text, 5)),
            (lazy.search(text, 1), compiled.search(text, 1)),
            (lazy.fullmatch(text, 0, 3), compiled.fullmatch(text, 0, 3)),
        ):
            assert found is not None
            assert expected is not None
            assert found.span() == expected.span()


def test_a_lazy_pattern_is_compiled_at_its_first_use() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(re.error):
        wrong.match("x")
