"""What other handlers get of an exception: the very one, or one of its class with the secrets taken out."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
import traceback

import pytest

import discreet

pytestmark = pytest.mark.version_sensitive

SECRET = "gh" + "p_" + "a1B2" * 9
MASKED = "[REDACTED:github-token]"


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def seen(taken_over):
    """Log an exception, and return the one that another handler gets."""
    handler = Kept()
    logging.getLogger("errors").addHandler(handler)

    def log(error):
        try:
            raise error
        except BaseException:
            logging.getLogger("errors").exception("failed")
        (record,) = handler.records
        kind, found, trace = record.exc_info
        assert kind is type(found)
        assert trace is found.__traceback__
        handler.records.clear()
        return found

    yield log
    logging.getLogger("errors").removeHandler(handler)


class PaymentError(Exception):
    registered = []

    def __init__(self, *, card, shop):
        super().__init__(f"{shop} refused {card}")
        self.card = card
        self.shop = shop

    def __init_subclass__(cls):
        PaymentError.registered.append(cls)


class Strict(type):
    def __call__(cls, *_):
        raise TypeError("not so")


class SlottedError(Exception):
    __slots__ = ("where",)


def without_secret(error):
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert SECRET not in text + repr(error) + repr(error.args) + repr(vars(error))
    return error


def test_a_clean_one_is_the_very_one(seen):
    error = PaymentError(card="none", shop="corner")
    assert seen(error) is error


def test_a_secret_one_is_replaced_by_one_of_its_class_without_running_its_code(seen):
    error = PaymentError(card=SECRET, shop="corner")
    found = without_secret(seen(error))
    assert found is not error
    assert isinstance(found, PaymentError)
    kind = type(found)
    assert (kind.__name__, kind.__qualname__, kind.__module__) == ("PaymentError", "PaymentError", __name__)
    assert (str(found), found.args, found.card, found.shop) == (
        f"corner refused {MASKED}", (f"corner refused {MASKED}",), MASKED, "corner"
    )  # fmt: skip
    assert PaymentError.registered == []
    assert traceback.extract_tb(found.__traceback__) == traceback.extract_tb(error.__traceback__)
    with pytest.raises(PaymentError):
        raise found


def test_what_the_system_says_stays_readable(seen):
    found = without_secret(seen(FileNotFoundError(2, "No such file", f"/tmp/{SECRET}")))
    assert isinstance(found, OSError)
    assert (found.errno, found.strerror, found.filename) == (2, "No such file", f"/tmp/{MASKED}")


@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, f"of {SECRET}"),
        KeyError(SECRET),
        SyntaxError("no", ("f.py", 1, 1, f"token = '{SECRET}'")),
        SystemExit(SECRET),
        StopIteration(SECRET),
        ImportError("no", name=SECRET),
        SlottedError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_those_with_attributes_of_their_own_lose_their_secrets_too(seen, error):
    found = seen(error)
    assert isinstance(found, type(error))
    assert SECRET not in str(found) + repr(found) + repr(found.args) + str(getattr(found, "text", ""))


def test_arguments_that_only_stand_together_as_a_secret_do_not_leave(seen):
    planted = "correct" + "-horse-9"
    found = seen(ValueError("password", planted))
    assert planted not in str(found) + repr(found) + repr(found.args)


def test_causes_are_redacted_and_clean_ones_are_kept(seen):
    clean, secret, outer = KeyError("k"), ValueError(SECRET), RuntimeError("outer")
    secret.__cause__, outer.__cause__ = clean, secret
    found = without_secret(seen(outer))
    assert (type(found).__name__, str(found)) == ("RuntimeError", "outer")
    assert isinstance(found.__cause__, ValueError)
    assert found.__suppress_context__
    assert found.__cause__.__cause__ is clean


def test_causes_in_a_circle_end(seen):
    one, two = ValueError(SECRET), KeyError("k")
    one.__cause__, two.__cause__ = two, one
    found = without_secret(seen(one))
    assert found.__cause__.__cause__ is found


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes came with Python 3.11")
def test_notes_are_redacted(seen):
    error = ValueError("no")
    error.add_note(f"with {SECRET}")
    assert without_secret(seen(error)).__notes__ == [f"with {MASKED}"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_a_group_is_rebuilt_with_its_clean_members(seen):
    clean = KeyError("k")
    group = ExceptionGroup("two", [clean, ValueError(SECRET)])  # noqa: F821 - Python 3.11
    found = without_secret(seen(group))
    assert isinstance(found, ExceptionGroup)  # noqa: F821 - as above
    assert found.message == "two"
    assert found.exceptions[0] is clean
    assert isinstance(found.exceptions[1], ValueError)
    assert found.split(KeyError)[0].exceptions == (clean,)


def test_one_that_cannot_be_built_is_named_and_counted(seen):
    class HostileError(Exception):
        @property
        def args(self):
            raise SystemError

        def __setattr__(self, name, value):
            raise SystemError

    found = without_secret(seen(HostileError(SECRET)))
    if not isinstance(found, HostileError):
        assert type(found) is RuntimeError
        assert "HostileError" in str(found)
        assert sum(discreet.health()["incidents"].values()) == 1


def test_a_source_line_with_a_secret_in_it_is_not_shown(seen, taken_over):
    handler = logging.StreamHandler(stream := __import__("io").StringIO())
    logging.getLogger("errors").addHandler(handler)
    space = {}
    import linecache

    source = f"def connect(**_):\n    raise ValueError('no')\nconnect(token='{SECRET}')\n"
    linecache.cache["<planted>"] = (len(source), None, source.splitlines(keepends=True), "<planted>")
    try:
        exec(compile(source, "<planted>", "exec"), space)
    except ValueError as error:
        seen(error)
    finally:
        logging.getLogger("errors").removeHandler(handler)
    assert "ValueError: no" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_a_replaced_one_can_be_copied_and_travels_to_another_process(seen):
    found = seen(PaymentError(card=SECRET, shop="corner"))
    for again in (copy.copy(found), pickle.loads(pickle.dumps(found))):
        assert isinstance(again, PaymentError)
        assert str(again) == f"corner refused {MASKED}"
        assert again.card == MASKED
