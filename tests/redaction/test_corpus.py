"""The corpus of benchmarks/redaction, in a small sample: secrets go, what surrounds them stays, look-alikes stay.

The sample is of the tuned seed only. The held-out seed is for `make redaction-report`: no test looks at its cases.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from discreet._redaction.engine.detectors import detectors

pytestmark = pytest.mark.version_sensitive

_HOME = Path(__file__).resolve().parents[2] / "benchmarks" / "redaction"
_NAMES = ("corpus", "kinds", "look_alikes", "score", "shapes", "system_logs", "peers.discreet_redactor")


def _load() -> dict[str, ModuleType]:
    """The generator is a folder of scripts, so it is imported as its own program would."""
    sys.path.insert(0, str(_HOME))
    try:
        return {name.rpartition(".")[2]: importlib.import_module(name) for name in _NAMES}
    finally:
        sys.path.remove(str(_HOME))


_MODULES = _load()
corpus, score = _MODULES["corpus"], _MODULES["score"]
look_alikes, system_logs = _MODULES["look_alikes"], _MODULES["system_logs"]


@pytest.fixture(scope="module")
def scrubber() -> object:
    return _MODULES["discreet_redactor"].Scrubber()


def test_secrets_vanish_and_what_surrounds_them_stays(scrubber: object) -> None:
    found = score.score(scrubber, corpus.cases(corpus.TUNED))
    missed = "\n".join(f"{what} {case.kind} | {case.shape}" for what, case, _ in found.misses)
    assert found.gone / found.cases >= 0.985, missed
    assert found.intact / found.cases >= 0.97, missed


def test_look_alikes_come_back_as_they_were(scrubber: object) -> None:
    texts, records = look_alikes.texts(corpus.TUNED), look_alikes.records(corpus.TUNED)
    assert len(texts) + len(records) >= 440
    alarms = score.changed(scrubber, texts) + score.changed_fields(scrubber, records)
    assert len(alarms) <= 0.005 * (len(texts) + len(records)), alarms


def test_ordinary_system_logs_come_back_as_they_were(scrubber: object) -> None:
    lines = system_logs.lines(corpus.TUNED)
    assert len(lines) >= 10_000
    changed = score.changed(scrubber, lines)
    assert len(changed) <= 1, changed


def test_the_corpus_covers_the_kinds_and_shapes_it_promises() -> None:
    cases = corpus.cases(corpus.TUNED)
    assert len({case.kind for case in cases}) >= 170
    assert len({case.shape for case in cases}) >= 70
    assert len(cases) >= 800


def test_every_case_holds_its_secrets_and_what_has_to_survive() -> None:
    for case in corpus.cases(corpus.TUNED):
        assert case.secrets, case
        if case.fields is None:
            assert all(value in case.text for value in case.secrets), case
            assert score.survives(case, case.text), case
            assert not score.is_gone(case, case.text), case


def test_the_same_seed_gives_the_same_corpus() -> None:
    assert corpus.cases(corpus.TUNED, 2) == corpus.cases(corpus.TUNED, 2)
    assert look_alikes.texts(corpus.TUNED) == look_alikes.texts(corpus.TUNED)
    assert system_logs.lines(corpus.TUNED, 500) == system_logs.lines(corpus.TUNED, 500)


def test_the_two_seeds_share_no_secret() -> None:
    tuned, held_out = (
        {value for case in corpus.cases(seed) for value in case.secrets if len(value) > 14}
        for seed in (corpus.TUNED, corpus.HELD_OUT)
    )
    assert len(tuned) > 1000
    assert tuned.isdisjoint(held_out)


def test_no_file_of_the_corpus_stores_a_secret(scrubber: object) -> None:
    tokens = [rule for rule in detectors() if not rule.structure and not rule.near and rule.check is None]
    for path in _HOME.rglob("*.py"):
        source = path.read_text("utf-8")
        for rule in tokens:
            for anchor in rule.anchors:
                hits = [source[start:end] for start, end in rule.find(source, source.lower(), anchor)]
                assert not [hit for hit in hits if re.search(r"\d", hit)], (path.name, rule.kind)


def test_a_tool_that_does_nothing_scores_nothing() -> None:
    class Idle:
        def text(self, text: str) -> str:
            return text

        def fields(self, fields: object) -> object:
            return fields

    found = score.score(Idle(), corpus.cases(corpus.TUNED, 1))
    assert found.gone == found.intact == 0


def test_a_tool_that_removes_everything_leaves_nothing_intact() -> None:
    class Eraser:
        def text(self, text: str) -> str:
            return "***"

        def fields(self, fields: object) -> object:
            return {}

    found = score.score(Eraser(), corpus.cases(corpus.TUNED, 1))
    assert found.gone == found.cases
    assert found.intact < 0.06 * found.cases  # a secret that stands alone has nothing around it
