from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

import discreet
from discreet._base.source_paths import readable_path
from discreet._encoding.console.line import ConsoleEncoder
from discreet._values import exceptions

pytestmark = pytest.mark.version_sensitive

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def below(record, exception, **options):
    lines = ConsoleEncoder(**options)(record("failed", level=40, exception=exception)).decode().splitlines()
    return [line.removeprefix("  │").removeprefix(" ") for line in lines[1:]]


def test_a_traceback_reads_like_pythons_with_the_cause_first(record, failure):
    assert below(record, failure) == [
        "httpx/_client.py:9 in send",
        "    wait()",
        "httpx.ReadTimeout",
        "",
        "── the direct cause of ──",
        "",
        "/srv/app/api.py:31 in create",
        "    return place(order)",
        "/srv/app/orders.py:88 in place",
        "    raise OrderError() from error",
        "      attempt = 3",
        "      order = {id: 42}",
        "app.orders.OrderError: could not charge",
        "  second line",
        "  customer was told",
    ]


def test_a_group_is_a_tree(record):
    leaf = {"type": "ValueError", "message": "bad", "frames": []}
    inner = {"type": "ExceptionGroup", "message": "inner", "exceptions": [leaf]}
    assert below(record, {"type": "ExceptionGroup", "message": "two", "exceptions": [leaf, inner]}) == [
        "ExceptionGroup: two",
        "├─ 1 of 2",
        "│  ValueError: bad",
        "└─ 2 of 2",
        "   ExceptionGroup: inner",
        "   └─ 1 of 1",
        "      ValueError: bad",
    ]


def test_a_context_is_told_from_a_cause(record):
    assert "── while handling that ──" in below(record, {"type": "A", "context": {"type": "B"}})


def test_repeated_frames_are_counted(record):
    frame = {"file": "a.py", "line": 1, "function": "f", "code": "f()"}
    lines = below(record, {"type": "RecursionError", "frames": [frame] * 500})
    assert lines == ["a.py:1 in f", "    f()"] * 2 + ["… the same frame 498 more times", "RecursionError"]


def test_what_was_left_out_is_said(record):
    frame = {"file": "<omitted>", "line": 0, "function": "<7 more frames>", "omitted": 7}
    described = {"type": "A", "frames": [frame], "exceptions": [{"type": "<omitted>", "message": "further exceptions"}]}
    assert below(record, described) == ["… 7 more frames", "A", "└─ 1 of 1", "   … further exceptions"]


def test_paths_are_short_and_tell_ours_from_a_librarys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert readable_path(str(tmp_path / "app" / "a.py")) == (os.path.join("app", "a.py"), True)
    assert readable_path(os.__file__) == (os.__file__, False)
    assert readable_path("/v/dist-packages/flask/app.py") == ("flask/app.py", False)
    assert readable_path("<string>") == ("<string>", False)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a working directory in use")
def test_a_removed_working_directory_does_no_harm(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert readable_path("/srv/a.py") == ("/srv/a.py", True)


def test_groups_nested_without_end_are_cut_visibly(record):
    described: dict[str, object] = {"type": "ExceptionGroup"}
    for _ in range(100):
        described = {"type": "ExceptionGroup", "exceptions": [described]}
    assert "… 1 more inside" in "\n".join(below(record, described))


def test_chains_without_end_are_cut(record):
    described: dict[str, object] = {"type": "E"}
    for _ in range(300):
        described = {"type": "E", "cause": described}
    assert 40 < below(record, described).count("E") < 60


def test_the_text_of_a_traceback_stands_in_for_its_structure(record):
    item = record("failed", stacktrace='Traceback:\n  File "a.py"\nValueError: \x1b[2J')
    lines = ConsoleEncoder()(item).decode().splitlines()[1:]
    assert lines == ["  │ Traceback:", '  │   File "a.py"', "  │ ValueError: \\x1b[2J"]


def test_a_described_exception_is_shown_as_it_happened(record):
    def inner(depth):
        if depth:
            inner(depth - 1)
        raise KeyError("x")

    try:
        try:
            inner(1)
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        lines = below(record, exceptions.describe(error, with_locals=True))
    assert lines.index("KeyError: 'x'") < lines.index("── the direct cause of ──") < lines.index("ValueError: outer")
    assert any(line.endswith(" in inner") for line in lines)
    assert "      depth = 0" in lines


@pytest.mark.parametrize("described", [{}, {"type": None}, {"type": 1, "frames": 2, "notes": "x", "cause": []}])
def test_missing_and_odd_parts_do_no_harm(record, described):
    assert ConsoleEncoder()(record(exception=described)).endswith(b"\n")


KEYS = ("type", "module", "message", "notes", "frames", "cause", "context", "exceptions", "file", "line", "locals")


@given(st.recursive(json_values, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner | st.lists(inner))))
def test_a_description_of_any_shape_stays_behind_its_gutter(record, described):
    item = record("failed", exception=described if isinstance(described, dict) else {"frames": described})
    for width in (None, 40):
        _, *lines = ConsoleEncoder(width=width)(item).decode().rstrip("\n").split("\n")
        assert all(line.startswith(("  │", "    ")) for line in lines)


def frames(*places):
    return {"type": "E", "message": "m", "frames": [{"file": file, "line": 1, "function": "f"} for file in places]}


def test_a_run_of_library_frames_is_folded_and_its_ends_stay(record):
    library = [f"/venv/site-packages/starlette/part{number}.py" for number in range(1, 7)]
    assert below(record, frames("/srv/main.py", *library, "/srv/view.py")) == [
        "/srv/main.py:1 in f",
        "starlette/part1.py:1 in f",
        "… 4 frames in starlette",
        "starlette/part6.py:1 in f",
        "/srv/view.py:1 in f",
        "E: m",
    ]


def test_a_short_run_of_library_frames_is_not_folded(record):
    library = [f"/venv/site-packages/flask/part{number}.py" for number in range(4)]
    assert len(below(record, frames(*library))) == 5


def test_frames_of_discreet_have_no_locals_and_those_around_them_do():
    @discreet.traced
    def work(amount):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        work(9)
    frames = exceptions.describe(caught.value, with_locals=True)["frames"]
    own = [frame for frame in frames if frame["file"].startswith(os.path.dirname(discreet.__file__))]
    assert own
    assert not any("locals" in frame for frame in own)
    assert frames[-1]["locals"]["amount"] == 9


def test_own_frames_are_folded_on_the_console(record):
    own = os.path.join(os.path.dirname(discreet.__file__), "_span", "span.py")
    frames = [
        {"file": "/srv/a.py", "line": 1, "function": "a"},
        {"file": own, "line": 2, "function": "wrapper"},
        {"file": "/srv/b.py", "line": 3, "function": "b"},
    ]
    assert below(record, {"type": "ValueError", "message": "no", "frames": frames}) == [
        "/srv/a.py:1 in a",
        "… 1 frame in discreet",
        "/srv/b.py:3 in b",
        "ValueError: no",
    ]


@pytest.mark.parametrize(
    "path", ["/v/lib/python3.13/site-packages/starlette/routing.py", os.__file__, "<frozen runpy>"]
)
def test_the_locals_of_a_library_are_left_out(path):
    code = compile("def fail(scope):\n    raise ValueError('no')", path, "exec")
    names = {}
    exec(code, names)
    with pytest.raises(ValueError, match="no") as caught:
        names["fail"]({"query_string": b"a=1"})
    assert "locals" not in exceptions.describe(caught.value, with_locals=True)["frames"][-1]


def test_of_a_run_of_library_frames_the_first_and_the_last_that_are_not_discreets_stay(record):
    own = os.path.join(os.path.dirname(discreet.__file__), "integrations", "asgi.py")
    library = "/v/site-packages/starlette/app.py"
    frames = [{"file": own, "line": 1, "function": "call"}]
    frames += [{"file": library, "line": line, "function": "call"} for line in range(2, 8)]
    assert below(record, {"type": "ValueError", "message": "no", "frames": frames}) == [
        "… 1 frame in discreet",
        "starlette/app.py:2 in call",
        "… 4 frames in starlette",
        "starlette/app.py:7 in call",
        "ValueError: no",
    ]
