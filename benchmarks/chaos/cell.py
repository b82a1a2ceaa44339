"""One experiment: one peer in one scenario, counted at the receiving end."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos import faults
from chaos.application import EXIT_TIMEOUT, Application
from chaos.outcome import Outcome
from chaos.receivers import Answer, Collector, Reader, numbers
from chaos.scenarios import SOME, Scenario
from chaos.tally import LATER, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.peers import Peer

_PATIENCE = 12.0  # seconds that a next start has to deliver everything
_QUIET = 3.0  # seconds without news, after which it will not


class Cell:
    """Everything one experiment needs, in a folder of its own."""

    def __init__(
        self, scenario: Scenario, peer: Peer, place: Path, stack: contextlib.ExitStack, patience: float
    ) -> None:
        self.scenario, self.peer, self.place, self.patience = scenario, peer, place, patience
        self.deadline = scenario.deadline * patience
        self.outcome = Outcome(scenario, peer)
        self.tally = Tally(place / "tally")
        stack.callback(self.tally.close)
        self.disk = stack.enter_context(faults.small_disk(place)) if scenario.full_disk else None
        self.group = stack.enter_context(faults.small_memory()) if scenario.out_of_memory else ""
        self.collector: Collector | None = None
        if scenario.is_remote:
            self.collector = Collector(peer.options["protocol"])
            stack.callback(self.collector.close)
        self.state = self.disk.folder if self.disk and scenario.is_remote else place / "state"
        self.file = self.disk.folder / "app.log" if self.disk and not scenario.is_remote else None
        self.state.mkdir(exist_ok=True)
        (place / "statistics").mkdir()
        self.errors = stack.enter_context((place / "stderr").open("w+b"))
        if scenario.out_of_memory and not self.group:
            self.outcome.note = "kill -9 stands for the kernel's"
        if self.disk and self.disk.file_bytes:
            self.outcome.note = "RLIMIT_FSIZE stands for the disk"

    def _start(self, slot: int, steps: list[Any], into: Reader | None) -> Application:
        options = {**self.peer.options, "file": str(self.file) if self.file else None, "storage": str(self.state)}
        if self.collector is not None:
            options |= {"url": self.collector.url, "connection": self.collector.connection}
        plan = {
            "peer": self.peer.module,
            "options": options,
            "steps": steps,
            "slot": slot,
            "tally": str(self.tally.path),
            "statistics": str(self.place / "statistics"),
            "handler": self.scenario.handler,
            "file_bytes": self.disk.file_bytes if self.disk else 0,
            "patience": self.patience,
        }
        exit_timeout = EXIT_TIMEOUT if self.scenario.takes_nothing else EXIT_TIMEOUT * self.patience
        environ = {"DISCREET_STATE_DIR": str(self.state), "DISCREET_EXIT_TIMEOUT": str(exit_timeout)}
        return Application(plan, self.place, environ, into.into if into else None, self.errors)

    # --- the experiment

    def run(self) -> Outcome:
        scenario, outcome = self.scenario, self.outcome
        self._script()
        reader = None if scenario.is_remote else Reader(scenario.reader, SOME)
        steps = [[*step, *([self.group] if step == ("run_out_of_memory",) else [])] for step in scenario.steps]
        processes = [self._start(slot * 50, steps, reader) for slot in range(scenario.processes)]
        if reader:
            os.close(reader.into)
        for process in processes:
            self._meanwhile(process, reader)
        for process in processes:
            process.end(self.tally, self.deadline)
        arrived = Counter(self._arrived(reader))
        emitted = self.tally.returned(range(LATER))
        outcome.emitted = len(emitted)
        outcome.delivered = len(emitted & arrived.keys())
        stuck = max(process.stuck for process in processes)
        outcome.never_returned = stuck > 0
        outcome.longest = max(stuck, self.tally.longest()) / 1e9
        outcome.exit = self._exit_time(processes)
        outcome.hung = self.tally.all_hung()
        if self.peer.keeps:
            arrived = self._next_start(emitted, arrived)
            outcome.later = len(emitted & arrived.keys()) - outcome.delivered
        outcome.lost = len(emitted - arrived.keys())
        everything = self.tally.returned()
        outcome.returned = len(everything)
        outcome.missing = len(everything - arrived.keys())
        outcome.too_early = self.collector.too_early if self.collector else 0
        outcome.duplicates = sum(arrived.values()) - len(arrived)
        self._read_statistics()
        return outcome

    def _script(self) -> None:
        collector, manner = self.collector, self.scenario.collector
        if collector is None:
            return
        if manner not in ("down", "back"):
            collector.up()
        if manner == "hangs":
            collector.always = Answer(hang=True)
        elif manner == "throttles":
            collector.script.extend([Answer(429, {"retry-after": "1"})] * 2)
        elif manner == "fails":
            collector.script.extend([Answer(503)] * 3)
        elif manner == "refuses":
            collector.script.append(Answer(refuse=5))

    def _meanwhile(self, process: Application, reader: Reader | None) -> None:
        """What happens to the application while it logs, or between its first half and its second."""
        scenario, collector = self.scenario, self.collector
        if scenario.signal is None and ("wait",) not in scenario.steps:
            return
        process.until(lambda: self.tally.count() >= SOME, self.deadline)
        if scenario.signal is not None:
            if scenario.stored:
                self._until_stored(process)
            process.send(scenario.signal)
            return
        if reader:
            process.until(reader.closed.is_set, self.deadline)
        elif collector and scenario.collector == "back":
            time.sleep(1.5)  # it is down for a while
            collector.up()
        elif collector:
            process.until(lambda: len(collector.arrived) >= SOME, self.deadline)
        process.go()

    def _until_stored(self, process: Application) -> None:
        """Until what is on disk has been the same for a while; or until it is clear that nothing will be there."""
        seen, since = 0, time.monotonic()

        def settled() -> bool:
            nonlocal seen, since
            size = _stored(self.state)
            if size != seen:
                seen, since = size, time.monotonic()
            return seen > 0 and time.monotonic() - since > 1.5

        process.until(settled, self.deadline)

    def _arrived(self, reader: Reader | None) -> list[int]:
        if self.collector is not None:
            return list(self.collector.arrived)
        lines = b""
        if self.file is not None and self.file.exists():
            lines += self.file.read_bytes()
        if reader is not None:
            lines += reader.finish()
        return self._whole(lines)

    def _whole(self, data: bytes) -> list[int]:
        """The numbers in lines that are whole. A last one without its end is the kill's, not counted as torn."""
        *lines, _ = data.split(b"\n")
        is_whole = importlib.import_module(f"chaos.peers.{self.peer.module}").is_whole
        found: list[int] = []
        for line in lines:
            marks = numbers(line)
            if is_whole(line) and len(marks) <= 1:
                found += marks
            elif line:
                self.outcome.torn += 1
        return found

    def _exit_time(self, processes: list[Application]) -> float | None:
        if any(process.killed for process in processes):
            return None
        return max((p.gone - (p.signalled or self.tally.ended(p.slot) or p.gone)) / 1e9 for p in processes)

    # --- afterwards

    def _next_start(self, emitted: set[int], arrived: Counter[int]) -> Counter[int]:
        """Start again, with a receiver that is well: as many processes as before, at the same time."""
        if self.scenario.spoil:
            faults.spoil(self.state, (".spool", ".ring", ".blob", ".lock"))
        faults.without_leases(self.state)
        if self.disk and self.file:
            self.file.unlink(missing_ok=True)  # what arrived there is counted
            self.disk.make_room()
        if self.collector is not None:
            self.collector.let_go()
            self.collector.up()
        reader = None if self.scenario.is_remote else Reader()
        steps: list[Any] = [["log", 1], ["flush", _PATIENCE * self.patience], ["log", 1], ["wait"]]
        processes = [self._start(LATER + index, steps, reader) for index in range(self.scenario.processes)]
        if reader:
            os.close(reader.into)
        self._patiently(emitted)
        for process in processes:
            process.go()
            process.end(self.tally, _PATIENCE * self.patience)
        if self.collector is not None:
            return Counter(self.collector.arrived)
        return arrived + Counter(self._arrived(reader))

    def _patiently(self, emitted: set[int]) -> None:
        """Until all is there, or nothing more comes. discreet's `flush` tells; others go on after theirs."""
        until = time.monotonic() + _PATIENCE * self.patience
        while self.tally.count(range(LATER, LATER + 9)) < 2 * self.scenario.processes and time.monotonic() < until:
            time.sleep(0.005)
        collector = self.collector
        seen, since = -1, time.monotonic()
        while collector is not None and not self.peer.is_ours and time.monotonic() < min(until, since + _QUIET):
            if len(collector.arrived) != seen:
                seen, since = len(collector.arrived), time.monotonic()
                if emitted <= set(collector.arrived):
                    break
            time.sleep(0.01)

    def _read_statistics(self) -> None:
        outcome = self.outcome
        for path in sorted((self.place / "statistics").iterdir()):
            found = json.loads(path.read_text("utf-8"))
            found["slot"] = int(path.name.partition("-")[0])
            outcome.statistics.append(found)
            for reason, count in found["dropped"].items():
                outcome.dropped[reason] = outcome.dropped.get(reason, 0) + count
        self.errors.seek(0)
        outcome.said = self.errors.read().decode("utf-8", "replace")


def _stored(folder: Path) -> int:
    """Bytes in the files of a folder, which come and go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def run(scenario: Scenario, peer: Peer, patience: float = 1.0) -> Outcome:
    """One experiment. All that is given up after some seconds gets `patience` times as many: for busy machines."""
    with _folder() as place, contextlib.ExitStack() as stack:
        return Cell(scenario, peer, place, stack, patience).run()
