"""A remote sink against a real receiver on loopback: down, hanging, throttling, failing, refusing."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from io import StringIO

import pytest

import discreet
from discreet._delivery.export import retry
from discreet._delivery.export.exporter import Unreachable
from discreet._delivery.export.http import Http
from discreet._delivery.export.sink import Result
from discreet._delivery.runner import runner_of, running
from discreet.errors import ConfigurationError

from ..waiting import HANG, join, wait_until
from .receiver import Posting, Receiver, Reply, Scripted, balances, hanging


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """A folder of its own, and short waits."""
    monkeypatch.setenv("DISCREET_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(retry, "FIRST", 0.01)
    monkeypatch.setattr(retry, "REST", (0.05, 0.1))


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def configured(monkeypatch):
    monkeypatch.setenv("DISCREET_EXIT_TIMEOUT", "1")

    def configure(*sinks, **environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        discreet.configure(sinks=sinks, environment="prod", service="test", level="debug", take_over=False)
        return discreet.get_logger("app")

    return configure


def of(health, number=0):
    assert balances(health)
    assert all(balances(sink) for sink in health["sinks"])
    return health["sinks"][number]


def test_records_arrive_in_order_and_flush_says_so(receiver, configured):
    log = configured(Posting(receiver.url, batch_count=7))
    for number in range(100):
        log.info("record", number=number)
    assert discreet.flush(HANG)
    assert [b'"number":%d}' % number in line for number, line in enumerate(receiver.lines)] == [True] * 100
    found = of(discreet.health())
    assert (found["emitted"], found["delivered"], found["pending"], found["dropped"]) == (100, 100, 0, {})
    assert (found["destination"], found["circuit"], found["last_error"]) == (receiver.url, "closed", None)


def test_records_arrive_without_a_flush(receiver, configured):
    log = configured(Posting(receiver.url))
    log.info("one")
    receiver.wait(lambda: len(receiver.lines) == 1)
    log.info("two")
    receiver.wait(lambda: len(receiver.lines) == 2)


def test_a_full_batch_does_not_wait_for_its_time(receiver, configured):
    log = configured(Posting(receiver.url, delay=3600, batch_count=10))
    for _ in range(10):
        log.info("record")
    receiver.wait(lambda: len(receiver.lines) == 10)


def test_a_heavy_batch_does_not_wait_for_its_time(receiver, configured):
    log = configured(Posting(receiver.url, delay=3600, batch_bytes=2000))
    for _ in range(10):
        log.info("record", pad="x" * 300)
    receiver.wait(lambda: len(receiver.lines) >= 4)


def test_a_receiver_that_is_down_costs_no_record_and_no_time(configured):
    with socket.socket() as taken:  # bound, so that nobody else gets the port, and not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        log = configured(Posting(url), DISCREET_SPOOL="off")
        for _ in range(20):
            log.info("record")
        wait_until(lambda: of(discreet.health())["last_error"])
        assert not discreet.flush(0.2)
        found = of(discreet.health())
    assert (found["emitted"], found["pending"], found["last_error"]) == (20, 20, "ECONNREFUSED")


def test_what_waited_while_the_receiver_was_down_comes_when_it_is_back(receiver, configured):
    receiver.answers = [Reply(503)] * 3
    log = configured(Posting(receiver.url))
    log.info("record")
    assert discreet.flush(HANG)
    found = of(discreet.health())
    assert (found["delivered"], found["retries"], found["last_error"]) == (1, 3, "HTTP 503")
    assert len(receiver.lines) == 1


def test_a_flush_of_a_hanging_receiver_returns_in_time_and_says_no(configured):
    server = hanging()
    log = configured(Posting(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=HANG))
    log.info("record")
    began = time.monotonic()
    assert not discreet.flush(0.3)
    assert time.monotonic() - began < HANG / 2
    assert of(discreet.health())["pending"] == 1
    server.close()


def test_a_hanging_receiver_costs_an_attempt_its_timeout_and_the_record_comes_later(receiver, configured):
    receiver.hold.clear()
    sink = Posting(receiver.url, timeout=0.1)
    log = configured(sink)
    log.info("record")
    receiver.wait(lambda: receiver.requests >= 2)
    assert of(discreet.health())["last_error"] == "timeout"
    sink.timeout = HANG  # a busy receiver may need longer than the hanging one was given
    receiver.hold.set()
    assert discreet.flush(HANG)
    assert of(discreet.health())["delivered"] == 1


def test_a_log_call_does_not_wait_for_a_hanging_receiver(receiver, configured):
    receiver.hold.clear()
    log = configured(Posting(receiver.url, queue_count=100), DISCREET_SPOOL="off")
    log.info("first")
    receiver.wait(lambda: receiver.requests == 1)
    for _ in range(300):
        log.info("record")
    found = of(discreet.health())
    assert (found["emitted"], found["pending"], found["dropped"]) == (301, 101, {"queue full": 200})
    receiver.hold.set()


def test_when_the_queue_is_full_debug_goes_before_errors(receiver, configured):
    receiver.hold.clear()
    log = configured(Posting(receiver.url, queue_count=10), DISCREET_SPOOL="off")
    log.info("first")
    receiver.wait(lambda: receiver.requests == 1)
    for _ in range(10):
        log.debug("detail")
    for _ in range(5):
        log.error("trouble")
    found = of(discreet.health())
    assert found["dropped"] == {"shed debug": 5}
    receiver.hold.set()
    assert not discreet.flush(HANG)  # all that is left arrived, but five were lost
    assert sum(b"trouble" in line for line in receiver.lines) == 5


def test_a_throttling_receiver_is_left_in_peace_as_long_as_it_asks(receiver, configured):
    receiver.answers = [Reply(429, {"Retry-After": "600"})]
    log = configured(Posting(receiver.url))
    log.info("record")
    receiver.wait(lambda: receiver.requests == 1)
    assert not discreet.flush(0.3)
    assert receiver.requests == 1
    assert of(discreet.health())["pending"] == 1


def test_a_short_retry_after_is_waited_for_and_then_the_record_comes(receiver, configured):
    receiver.answers = [Reply(429, {"Retry-After": "0.2"})]
    log = configured(Posting(receiver.url))
    log.info("record")
    assert discreet.flush(HANG)
    assert len(receiver.lines) == 1


def test_what_a_receiver_rejects_is_counted_and_not_sent_again(receiver, configured):
    receiver.answers = [Reply(200, {}, b"2")]
    log = configured(Posting(receiver.url, delay=3600))
    for _ in range(5):
        log.info("record")
    assert not discreet.flush(HANG)
    assert receiver.requests == 1
    found = of(discreet.health())
    assert (found["delivered"], found["dropped"]) == (3, {"partial": 2})
    assert discreet.flush(HANG)  # it was told once


def test_a_batch_that_is_refused_as_a_whole_costs_only_the_line_that_is_to_blame(receiver, configured):
    receiver.always = lambda lines: Reply(413 if any(b"poison" in line for line in lines) else 200)
    log = configured(Posting(receiver.url, delay=3600))
    for number in range(20):
        log.info("poison" if number == 13 else "record", number=number)
    assert not discreet.flush(HANG)
    found = of(discreet.health())
    assert (found["delivered"], found["dropped"]) == (19, {"HTTP 413": 1})
    numbers = [int(line.split(b'"number":')[1].split(b"}")[0]) for line in receiver.lines]
    assert numbers == [n for n in range(20) if n != 13]


def test_a_line_that_the_sink_stumbles_over_costs_only_itself(configured):
    def answer(batch):
        if any(b"poison" in line for line in batch):
            raise ValueError("secret text")
        return Result(len(batch))

    log = configured(Scripted(answer, delay=3600))
    for number in range(10):
        log.info("poison" if number == 3 else "record")
    assert not discreet.flush(HANG)
    found = of(discreet.health())
    assert (found["delivered"], found["dropped"], found["last_error"]) == (9, {"ValueError": 1}, "ValueError")


@pytest.mark.parametrize("result", [Result(0), Result(999), Result(-5, {"a": -3, "b": 999}), Result(1, retry=[])])
def test_a_receipt_that_does_not_add_up_still_leaves_the_statistics_balanced(configured, result):
    log = configured(Scripted(lambda _: result, delay=3600))
    for _ in range(5):
        log.info("record")
    discreet.flush(HANG)
    assert of(discreet.health())["pending"] == 0


def test_a_sink_that_gives_no_receipt_loses_records_but_not_the_thread(configured):
    sink = Scripted(lambda _: None, delay=0)
    log = configured(sink)
    log.info("record")
    assert not discreet.flush(HANG)
    sink.answer = lambda batch: Result(len(batch))
    log.info("record")
    assert discreet.flush(HANG)
    assert of(discreet.health())["dropped"] == {"TypeError": 1}


def test_after_failures_in_a_row_the_circuit_opens_and_records_wait_on_disk(receiver, configured, tmp_path):
    receiver.always = lambda _: Reply(503)
    sink = Posting(receiver.url)
    log = configured(sink)
    log.info("record")
    while of(discreet.health())["circuit"] != "open":
        discreet.flush(1)
    wait_until(lambda: of(discreet.health())["on_disk"] == 1)
    found = of(discreet.health())
    assert (found["circuit"], found["on_disk"], found["pending"]) == ("open", 1, 1)
    assert list((tmp_path / "state").rglob("*.spool"))
    receiver.always = lambda _: Reply(200)
    assert discreet.flush(HANG)
    found = of(discreet.health())
    assert (found["circuit"], found["on_disk"], found["delivered"]) == ("closed", 0, 1)


def test_what_could_not_be_sent_before_the_end_is_sent_by_the_next_sink(receiver, configured):
    receiver.always = lambda _: Reply(503)
    log = configured(Posting(receiver.url))
    for number in range(5):
        log.info("early", number=number)
    receiver.wait(lambda: receiver.requests >= 1)
    configured(discreet.Stream(StringIO()))
    health = discreet.health()
    assert balances(health)
    assert (health["transferred"], health["pending"]) == (5, 0)
    receiver.always = lambda _: Reply(200)
    log = configured(Posting(receiver.url))
    log.info("late")
    assert discreet.flush(HANG)
    receiver.wait(lambda: len(receiver.lines) == 6)
    found = of(discreet.health())
    assert (found["recovered"], found["delivered"]) == (5, 6)
    assert [b"early" in line for line in receiver.lines] == [True] * 5 + [False]


def test_records_made_while_sending_go_to_local_sinks_only(configured, memory_sink):
    local = memory_sink(format="json")

    def answer(batch):
        discreet.get_logger("http.client").info("connecting")
        return Result(len(batch))

    remote = Scripted(answer, delay=0)
    log = configured(local, remote)
    log.info("mine")
    assert discreet.flush(HANG)
    assert [record["message"] for record in local.records] == ["mine", "connecting"]
    assert of(discreet.health(), 1)["emitted"] == 1


def test_a_flush_on_the_senders_own_thread_does_not_wait_for_itself(configured):
    results = []

    def answer(batch):
        results.append(discreet.flush(HANG))
        return Result(len(batch))

    log = configured(Scripted(answer, delay=0))
    log.info("record")
    assert discreet.flush(HANG)
    assert results == [False]


def test_one_sink_that_hangs_takes_no_time_from_another(receiver, configured):
    server = hanging()
    stuck = Posting(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=HANG)
    log = configured(stuck, Posting(receiver.url, delay=3600))
    log.info("record")
    assert not discreet.flush(1)
    receiver.wait(lambda: len(receiver.lines) == 1)
    server.close()


def test_an_encoder_that_fails_is_counted(configured):
    class Broken(Scripted):
        def encoder(self, redactor):
            def encode(record):
                raise KeyError("secret")

            return encode

    log = configured(Broken(lambda batch: Result(len(batch))))
    log.info("record")
    found = of(discreet.health())
    assert (found["emitted"], found["dropped"]) == (1, {"encoding KeyError": 1})


def test_threads_may_log_and_flush_at_once(receiver, configured):
    log = configured(Posting(receiver.url, batch_count=50))

    def work(name):
        for number in range(200):
            log.info("record", worker=name, number=number)
            if number % 50 == 0:
                discreet.flush(HANG)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert discreet.flush(HANG)
    assert len(set(receiver.lines)) == len(receiver.lines) == 800
    assert of(discreet.health())["delivered"] == 800


@pytest.mark.parametrize("options", [{"delay": -1}, {"timeout": 0}, {"batch_count": 0}, {"queue_bytes": float("nan")}])
def test_a_size_that_makes_no_sense_is_refused(options):
    with pytest.raises(ConfigurationError):
        Scripted(lambda batch: Result(len(batch)), **options)


def test_a_flush_of_a_user_sink_that_knows_no_timeout_returns_in_time():
    forever = threading.Event()

    class Stuck(discreet.Sink):
        def write(self, line):
            pass

        def flush(self):
            forever.wait(HANG)

    discreet.configure(sinks=[Stuck()], environment="prod", service="test", take_over=False)
    assert not discreet.flush(0.05)
    forever.set()


def test_a_flush_says_once_that_a_local_sink_lost_a_record():
    class Broken(discreet.Sink):
        def write(self, line):
            raise OSError(28, "no space")

    discreet.configure(sinks=[Broken()], environment="prod", service="test", take_over=False)
    assert discreet.flush()
    discreet.get_logger("app").info("record")
    assert [discreet.flush(), discreet.flush()] == [False, True]
    assert discreet.health()["dropped"] == {"ENOSPC": 1}


@pytest.mark.parametrize("spool", ["on", "off"])
def test_a_receiver_that_hangs_does_not_hold_up_a_new_configuration(configured, spool):
    server = hanging()
    sinks = [Posting(f"http://127.0.0.1:{server.getsockname()[1]}/{n}", timeout=HANG) for n in range(3)]
    log = configured(*sinks, DISCREET_EXIT_TIMEOUT=str(HANG), DISCREET_SPOOL=spool)
    log.info("record")
    began = time.monotonic()
    configured(discreet.Stream(StringIO()))
    assert time.monotonic() - began < HANG / 2
    health = discreet.health()
    assert balances(health)
    assert (health["pending"], health["transferred"]) == ((0, 3) if spool == "on" else (3, 0))
    server.close()


def test_a_retired_sink_without_a_place_on_disk_goes_on_for_a_while(receiver, configured):
    receiver.hold.clear()
    sink = Posting(receiver.url, timeout=HANG)
    log = configured(sink, DISCREET_EXIT_TIMEOUT=str(HANG), DISCREET_SPOOL="off")
    log.info("record")
    configured(discreet.Stream(StringIO()))
    receiver.hold.set()
    receiver.wait(lambda: len(receiver.lines) == 1)
    wait_until(lambda: not running.draining)
    health = discreet.health()
    assert (health["delivered"], health["pending"], health["dropped"]) == (1, 0, {})


def test_a_sink_that_is_on_its_way_out_may_be_named_again(receiver, configured):
    receiver.hold.clear()
    sink = Posting(receiver.url, timeout=HANG)
    log = configured(sink, DISCREET_EXIT_TIMEOUT=str(HANG), DISCREET_SPOOL="off")
    log.info("first")
    configured(discreet.Stream(StringIO()))
    log = configured(sink)
    assert not running.draining
    log.info("second")
    receiver.hold.set()
    assert discreet.flush(HANG)
    assert [b"first" in line for line in receiver.lines] == [True, False]


def test_without_a_failure_nothing_is_written_to_disk(receiver, configured, tmp_path):
    log = configured(Posting(receiver.url))
    log.info("record")
    assert discreet.flush(HANG)
    configured(discreet.Stream(StringIO()))
    assert not list((tmp_path / "state").rglob("*.spool"))


def test_a_short_wait_that_the_receiver_asked_for_is_waited_in_memory(receiver, configured, tmp_path):
    receiver.answers = [Reply(429, {"Retry-After": "0.2"})]
    sink = Posting(receiver.url)
    log = configured(sink)
    log.info("record")
    receiver.wait(lambda: receiver.requests == 2)
    assert runner_of(sink).pending.spool._counts._own == {}


@pytest.mark.parametrize("name", ["timeout", "delay"])
@pytest.mark.parametrize("value", [float("inf"), 1e11])
def test_a_wait_without_end_is_refused(name, value):
    with pytest.raises(ConfigurationError, match=name):
        Posting("http://127.0.0.1:9", **{name: value})


def test_a_text_that_cannot_be_decoded_is_unknown():
    receiver = Receiver()
    receiver.always = lambda lines: Reply(200, {"content-encoding": "gzip"}, b"not compressed")
    answer = Http().post(receiver.url, b"line\n", {}, 30)
    receiver.close()
    assert (answer.status, answer.body) == (200, None)


def test_an_answer_that_comes_byte_by_byte_holds_nobody_up():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
                while True:
                    connection.sendall(b"x")
                    threading.Event().wait(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        client = Http()
        with pytest.raises(Unreachable):
            client.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"line\n", {}, 0.3)
        client.disconnect()
        thread.join()


def test_a_flush_amid_what_the_sender_needs_comes_back(receiver, configured):
    sink = Posting(receiver.url, delay=0)
    log = configured(sink)
    runner = runner_of(sink)

    def interrupted():
        with runner.pending.disk:  # as the call holds it that a signal handler interrupts
            log.info("x")
            runner.flush()

    thread = threading.Thread(target=interrupted, daemon=True)
    thread.start()
    join(thread)
    runner.flush(HANG)
    assert runner.health()["pending"] == 0
