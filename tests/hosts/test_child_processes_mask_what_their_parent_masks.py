"""A child process that is not forked has its parent's settings, secrets and context, with no code in the child."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.version_sensitive

SECRET = "Wort" + "schatz-9911-xx"
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]
START = """
import json, logging, multiprocessing, os, sys
import discreet
SECRET = "Wort" + "schatz-9911-xx"
log = discreet.get_logger("job")
def work(secret):
    log.debug("begins")
    log.info("login %s", secret, internal_code="abc-123")
    logging.getLogger("of a library").warning("sees %s", secret)
    assert secret not in str(dict(os.environ))
def start(method, target=work):
    with discreet.context(tenant="acme"):
        process = multiprocessing.get_context(method).Process(target=target, args=(SECRET,))
        process.start()
    process.join()
    assert process.exitcode == 0
"""
PARENT = (
    START
    + """
if __name__ == "__main__":
    discreet.configure(
        service="shop", environment="staging", level="debug", file="app.log", format="json", stream="stderr",
        redaction=discreet.Redaction(extra_keys=["internal_code"]), pseudonym_key="k1:" + "0" * 32,
    )
    discreet.set_level("of a library", "warning")
    discreet.register_secret(SECRET)
    os.chdir("/")
    for method in sys.argv[1:]:
        start(method)
    import joblib
    with discreet.context(tenant="acme"):
        joblib.Parallel(n_jobs=2)([joblib.delayed(work)(SECRET)])
"""
)


def test_level_file_stream_keys_and_registered_secrets_of_the_parent(
    python: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = python(PARENT, *METHODS, measured=False)
    assert (done.code, done.out) == (0, b""), done.err
    lines = (tmp_path / "app.log").read_text().splitlines()
    assert sorted(done.err.decode().splitlines()) == sorted(lines)
    records = [json.loads(line) for line in lines]
    assert len(records) == 3 * (len(METHODS) + 1)
    assert SECRET not in "".join(lines)
    assert {(record["service"], record["environment"], record["tenant"]) for record in records} == {
        ("shop", "staging", "acme")
    }
    messages = {record["message"] for record in records}
    assert messages == {"begins", "login [REDACTED:registered-secret]", "sees [REDACTED:registered-secret]"}
    assert {record.get("internal_code", "[REDACTED:internal-code]") for record in records} == {
        "[REDACTED:internal-code]"
    }
    assert len({record["process"] for record in records}) == len(METHODS) + 1


CONFIGURED = (
    START
    + """
def own(secret):
    discreet.configure(service="child", environment="prod", format="json")
    work(secret)
if __name__ == "__main__":
    discreet.configure(service="parent", environment="prod", format="json", level="debug")
    discreet.register_secret(SECRET)
    start("spawn", own)
else:
    discreet.configure(service="main of the child", environment="prod", format="json", level="debug")
    log.info("imported")
"""
)


def test_a_child_that_is_configured_by_its_own_code_keeps_that_and_learns_the_secrets(
    python: Callable[..., Any],
) -> None:
    done = python(CONFIGURED, measured=False)
    assert done.code == 0, done.err
    assert SECRET.encode() not in done.out
    assert [record["service"] for record in done.records] == ["main of the child", "child", "child"]


FAILS = (
    START
    + """
class Own(discreet.Sink):
    def __init__(self, path, *, unpicklable=None, **options):
        super().__init__(**options)
        self.path, self.lock = path, __import__("threading").Lock()
    def write(self, line):
        with open(self.path, "ab") as file: file.write(line)
if __name__ == "__main__":
    sinks = [Own("own.log", level="info"), Own("lost.log", unpicklable=lambda: 1)]
    discreet.configure(service="shop", environment="prod", sinks=sinks, redaction=discreet.Redaction(callback=lambda text: text))
    start("spawn")
    start("spawn")
"""
)


def test_a_callback_that_does_not_pickle_means_that_the_child_masks_everything_and_that_is_said_once(
    python: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = python(FAILS, measured=False)
    assert done.code == 0, done.err
    written = (tmp_path / "own.log").read_text()  # a sink of the user's, made again of its arguments
    assert len(written.splitlines()) == 4
    assert SECRET not in written
    assert "login" not in written
    assert done.err.count(b"child processes mask every text: redaction does not pickle") == 1
    assert done.err.count(b"child processes have no sink Own") == 1
    assert not (tmp_path / "lost.log").exists()


def test_secrets_do_not_go_where_no_pipe_of_multiprocessing_leads(python: Callable[..., Any]) -> None:
    program = (
        START
        + """
import pickle
from discreet._context.ambient import EMPTY
from discreet.propagation._child_process import ForChild
discreet.configure(service="shop", environment="prod", format="json")
discreet.register_secret(SECRET)
data = pickle.dumps(ForChild(EMPTY))
assert SECRET.encode() not in data
discreet.testing.reset() if hasattr(discreet, "testing") else None
pickle.loads(data)
log.info("harmless")
"""
    )
    done = python(program, measured=False)
    assert done.code == 0, done.err
    assert b"harmless" not in done.out
    assert b"[REDACTED:unjudged]" in done.out
