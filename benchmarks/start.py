"""What a start costs: processor time from nothing to the first record, as a multiple of `import logging`.

Each step runs in fresh interpreters that load nothing else (`-S -E`), in turn, so that a slow minute of the machine is
everybody's. Nothing asserts these numbers.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import discreet

FIND = f"import sys; sys.path.insert(0, {str(Path(discreet.__file__).parents[1])!r})"
BARE, LOGGING = "interpreter alone", "import logging"
CONFIGURE = "import discreet; discreet.configure(format='json', service='bench')"
RECORD = "discreet.log.info('order {order} shipped', order=17, carrier='post')"
STEPS = {
    BARE: "",
    LOGGING: "import logging",
    "import discreet": "import discreet",
    "... and configure()": CONFIGURE,
    "... and the first record": f"{CONFIGURE}; {RECORD}",
    "... with a secret in it": f"{CONFIGURE}; {RECORD[:-1]}, note='password=' + 'hunter2-very')",
}


def processor_ms(code: str) -> float:
    """Milliseconds of processor time, user's and system's, of one interpreter from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"{FIND}\n{code}"],
        check=True,
        env={"PATH": os.environ.get("PATH", "")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    for number in range(rounds + 1):
        for step, code in STEPS.items():
            spent = processor_ms(code)
            if number:  # the first round compiles the modules
                times[step].append(spent)
    bare = statistics.median(times[BARE])
    base = statistics.median(times[LOGGING]) - bare
    print("A start: processor time beyond that of the interpreter alone, and as a multiple of `import logging`")
    for step in list(STEPS)[1:]:
        spent = statistics.median(times[step]) - bare
        print(f"  {step:26} {spent:7.1f} ms {spent / base:7.2f}")


if __name__ == "__main__":
    main()
