"""The corpus of secrets: every kind in every shape that fits it, made anew from a seed. Nothing in it was ever issued.

`TUNED` is the seed that rules may be improved on. `HELD_OUT` is for reading the score: other values, other names, other
pairings of kind and shape; no rule is changed for a case of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import commands
import fields
import keyed
import kinds
import shapes
import spellings
import structured
from chance import Chance
from marks import Case, marked, marked_fields

TUNED = 20240511
HELD_OUT = 77003
PER_KIND = 9
"""How many shapes each kind is seen in by default, out of all that fit it."""

_NO_SPACES = ("url path", "percent-encoded", "percent-encoded json", "go map", "go struct")


def cases(seed: int, per_kind: int | None = PER_KIND) -> list[Case]:
    """The cases of one seed; `per_kind=None` for every kind in every shape."""
    return [*_by_name_or_form(seed, per_kind), *_structured(seed)]


def _by_name_or_form(seed: int, per_kind: int | None) -> Iterator[Case]:
    for kind, (name, make) in kinds.TOKENS.items():
        number = kind in kinds.NUMBERS
        fitting = [
            (shape, "named", build) for shape, build in shapes.NAMED.items() if not (number and shape in _NO_SPACES)
        ]
        fitting += [
            (shape, "bare", build) for shape, build in shapes.BARE.items() if not (number and shape == "url path")
        ]
        fitting += [(shape, "field", build) for shape, build in {**fields.NAMED, **fields.BARE}.items()]
        if not number:
            fitting += [(shape, "encoded", build) for shape, build in shapes.ENCODED.items()]
        yield from _built(seed, kind, (name,), make, fitting, per_kind)
    for kind, (names, make) in keyed.KEYED.items():
        fitting: list[tuple[str, str, Any]] = [(shape, "named", build) for shape, build in shapes.NAMED.items()]
        fitting += [(shape, "field", build) for shape, build in fields.NAMED.items()]
        yield from _built(seed, kind, names, make, fitting, per_kind)


def _built(
    seed: int,
    kind: str,
    names: tuple[str, ...],
    make: kinds.Make,
    fitting: list[tuple[str, str, Any]],
    per_kind: int | None,
) -> Iterator[Case]:
    chance = Chance(f"{seed} {kind}")
    chosen = fitting if per_kind is None else chance.sample(fitting, min(len(fitting), per_kind))
    for shape, form, build in chosen:
        name, value = chance.choice(names), make(chance)
        if form == "field":
            yield marked_fields(kind, shape, build(chance, name, value))
        else:
            yield marked(kind, shape, build(chance, name, value))


def _structured(seed: int) -> Iterator[Case]:
    for source in (structured, commands, spellings):
        for group, members in source.GROUPS.items():
            for shape, template in members.items():
                yield marked(f"{group}: {shape}", group, template(Chance(f"{seed} {group} {shape}")))
