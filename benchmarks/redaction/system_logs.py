"""Ordinary system logs, as services write them all day: nothing in them is a secret, so nothing of them may change.

Written from how these systems log, with generated values; no line is copied from anywhere.
"""

from __future__ import annotations

from chance import Chance
from cluster_logs import CLOUD, HDFS, KUBERNETES, SPARK, ZOOKEEPER
from host_logs import APACHE, KERNEL, NGINX, OPENSSH, POSTGRES, SYSTEMD, WINDOWS

SYSTEMS = {
    "HDFS": HDFS,
    "Apache": APACHE,
    "OpenSSH": OPENSSH,
    "Spark": SPARK,
    "Zookeeper": ZOOKEEPER,
    "nginx": NGINX,
    "systemd": SYSTEMD,
    "kernel": KERNEL,
    "databases": POSTGRES,
    "Kubernetes": KUBERNETES,
    "Windows": WINDOWS,
    "cloud and frameworks": CLOUD,
}


def lines(seed: int, count: int = 10_000) -> list[str]:
    """`count` lines, all templates in turn, with values of their own."""
    chance = Chance(f"{seed} system logs")
    templates = [template for members in SYSTEMS.values() for template in members]
    return [templates[number % len(templates)](chance) for number in range(count)]
