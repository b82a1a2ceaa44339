"""Values that claim another class than theirs: what they stand for is shown, and a failure costs the field alone."""

from __future__ import annotations

import logging
import weakref
from unittest.mock import MagicMock, Mock

import lazy_object_proxy
import pytest
import wrapt
from django.conf import settings
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.local import LocalProxy

import discreet

if not settings.configured:
    settings.configure(USE_I18N=False)

log = discreet.get_logger("shop")


class Custom:
    """A proxy that somebody wrote by hand."""

    def __init__(self, target):
        self._target = target

    __class__ = property(lambda self: type(self._target))

    def __str__(self):
        return str(self._target)


PROXIES = {
    "werkzeug": lambda value: LocalProxy(lambda: value),
    "wrapt": wrapt.ObjectProxy,
    "lazy_object_proxy": lambda value: lazy_object_proxy.Proxy(lambda: value),
    "Django": lambda value: SimpleLazyObject(lambda: value),
    "by hand": Custom,
    "twice": lambda value: wrapt.ObjectProxy(LocalProxy(lambda: value)),
}
TEXTS = PROXIES | {"gettext_lazy": gettext_lazy, "lazystr": lazystr}


@pytest.mark.parametrize("wrap", TEXTS.values(), ids=TEXTS)
def test_the_text_behind_a_lazy_text_is_shown_wherever_it_is_given(wrap, taken_over):
    text = wrap("acme")
    with discreet.context(tenant=text):
        log.info("hello {name}", name=text)
        log.info(text)
        logging.getLogger("shop").warning("hello %s", text, extra={"more": text})
    with discreet.span("work", who=text):
        pass
    first, second, third, fourth = taken_over.records
    assert (first["message"], first["name"], first["tenant"]) == ("hello acme", "acme", "acme")
    assert second["message"] == "acme"
    assert (third["message"], third["more"]) == ("hello acme", "acme")
    assert fourth["who"] == "acme"
    assert discreet.health()["dropped"] == {}


@pytest.mark.parametrize("wrap", PROXIES.values(), ids=PROXIES)
@pytest.mark.parametrize("value", [5, 2.5, True, ["a"], {"a": 1}, None], ids=str)
def test_other_data_behind_a_proxy_is_shown_too(wrap, value, sink):
    log.info("x", value=wrap(value), nested=[{"a": wrap(value)}])
    if wrap is not Custom or type(value) in (list, dict, type(None)):
        assert sink.last["value"] == value
        assert sink.last["nested"] == [{"a": value}]
    assert discreet.health()["dropped"] == {}


def test_a_proxy_that_is_not_bound_costs_its_field_alone(sink):
    unbound = LocalProxy(__import__("contextvars").ContextVar("nothing"))

    def fail():
        raise LookupError("hunter2")

    log.info("order", user=unbound, lazy=lazy_object_proxy.Proxy(fail), order=7)
    assert sink.last["order"] == 7
    assert sink.last["user"] == "<LocalProxy raised RuntimeError>"
    assert "LookupError" in sink.last["lazy"]
    assert "hunter2" not in sink.text


@pytest.mark.parametrize("wrap", PROXIES.values(), ids=PROXIES)
def test_a_proxy_hides_no_secret_from_redaction(wrap, sink):
    hidden = "hunter" + "2secret"
    log.info("x", password=wrap(hidden), token=wrap(discreet.Secret(hidden)), a=wrap({"password": hidden}))
    log.info("password={p}", p=wrap(hidden))
    assert hidden not in sink.text


def test_an_exception_behind_a_proxy_is_an_exception(sink):
    log.error("failed", exc_info=LocalProxy(lambda: ValueError("no stock")))
    assert (sink.last["exception"]["type"], sink.last["exception"]["message"]) == ("ValueError", "no stock")


def test_a_weak_reference_shows_its_object_and_a_dead_one_says_so(sink):
    class Order:
        def __repr__(self):
            return "Order(1)"

    order = Order()
    reference = weakref.proxy(order)
    log.info("x", order=reference)
    assert sink.last["order"] == "Order(1)"
    del order
    log.info("x", order=reference)
    assert "ReferenceError" in sink.last["order"]


def test_test_doubles_are_shown_by_their_repr(sink):
    log.info("x", text=Mock(spec=str), number=MagicMock(spec=int), name_=MagicMock(spec=dict, name="cart"))
    assert sink.last["text"].startswith("<Mock spec='str'")
    assert sink.last["number"].startswith("<MagicMock spec='int'")
    assert "cart" in sink.last["name_"]


def test_a_proxy_of_itself_ends(sink):
    class Endless:
        __class__ = property(lambda self: str)

        def _get_current_object(self):
            return Endless()

    log.info("x", endless=Endless())
    assert sink.last["message"] == "x"
    assert "below" in sink.last["endless"]


@given(
    st.sampled_from([str, int, float, bool, bytes, dict, list, tuple, set, ValueError, object]),
    st.dictionaries(
        st.sampled_from(["__str__", "__repr__", "__int__", "__float__", "__iter__", "__len__", "__getattr__", "items"]),
        st.sampled_from([None, 1, "text", lambda self, *_: "text", lambda self, *_: 1 / 0, lambda self, *_: self]),
    ),
)
def test_no_lying_class_costs_a_record(claimed, body):
    kept = []

    class Keep(discreet.Sink):
        def write(self, line):
            kept.append(line)

    discreet.configure(sinks=[Keep(format="json")], environment="prod", service="test", take_over=False)
    liar = type("Liar", (), {**body, "__class__": property(lambda self: claimed)})()
    log.info("order", liar=liar, nested=[liar, {"a": liar}], order=7)
    log.info(liar)
    assert len(kept) == 2
    assert b'"order":7' in kept[0]
