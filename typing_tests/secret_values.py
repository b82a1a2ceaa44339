"""A secret keeps the type of what it hides."""

from __future__ import annotations

from typing_extensions import assert_type

import discreet
from discreet import Secret

password = Secret("not a real one")
assert_type(password, Secret[str])
assert_type(password.reveal(), str)
assert_type(Secret(b"key").reveal(), bytes)
assert_type(discreet.mask("user:pass"), str)


def connect(password: Secret[str]) -> None:
    password.reveal().encode()


connect(password)
connect("plain text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a bare string is no secret
connect(Secret(b"bytes"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # nor a secret of bytes
