"""Another machine on a network of this one's: a namespace with a cable to here, and a firewall where one is wanted.

with neighbour(tmp_path) as other:
    with other.firewall("--protocol", "udp"):
        subprocess.run(other.command("curl", f"http://{HERE}:8080"))
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.network import Machine, run_ip

HERE, THERE = "10.77.9.1", "10.77.9.2"
"""Private, as a lab's are. LiveKit's TURN server lets nobody through to such an address unless it is told to."""
_PREFIX_BITS = 24


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The other machine."""

    machine: Machine
    folder: Path

    def command(self, *argv: str) -> list[str]:
        """The command line that runs `argv` there."""
        return self.machine.command(*argv)

    def program(self, name: str) -> Path:
        """A program that runs one of this machine's there, for those who take nothing but a program."""
        found = shutil.which(name)
        assert found is not None, f"{name} isn't installed"
        script = self.folder / f"{name}-there"
        script.write_text(f'#!/bin/sh\nexec {" ".join(self.command(found))} "$@"\n')
        script.chmod(0o755)
        return script

    @contextlib.contextmanager
    def firewall(self, *drops: Sequence[str]) -> Iterator[None]:
        """Nothing gets out there of what one of these rules of iptables says."""
        with self._rules([["OUTPUT", *drop, "--jump", "DROP"] for drop in drops]):
            yield

    @contextlib.contextmanager
    def forwarded(self, port: int, to: int) -> Iterator[None]:
        """What is sent to a TCP port of this machine gets to another one of its ports."""
        rule = ["OUTPUT", "--table", "nat", "--protocol", "tcp", "--destination", HERE, "--dport", str(port)]
        with self._rules([[*rule, "--jump", "DNAT", "--to-destination", f"{HERE}:{to}"]]):
            yield

    @contextlib.contextmanager
    def _rules(self, rules: Sequence[Sequence[str]]) -> Iterator[None]:
        with contextlib.ExitStack() as made:
            for rule in rules:
                self._iptables("--append", *rule)
                made.callback(self._iptables, "--delete", *rule)
            yield

    def _iptables(self, *arguments: str) -> None:
        run_ip("netns", "exec", self.machine.name, shutil.which("iptables") or "iptables", "--wait", *arguments)


@contextlib.contextmanager
def neighbour(folder: Path) -> Iterator[Neighbour]:
    """Make the machine and the cable, and remove both."""
    ours = f"rtest{os.getpid()}"
    with Machine.made("neighbour") as machine:
        run_ip("link", "add", ours, "type", "veth", "peer", "name", "eth0", "netns", machine.name)
        try:
            run_ip("address", "add", f"{HERE}/{_PREFIX_BITS}", "dev", ours)
            run_ip("link", "set", ours, "up")
            machine.ip("address", "add", f"{THERE}/{_PREFIX_BITS}", "dev", "eth0")
            machine.ip("link", "set", "eth0", "up")
            machine.ip("route", "add", "default", "via", HERE)  # a browser sends UDP only by the way it has to others
            yield Neighbour(machine, folder)
        finally:
            run_ip("link", "delete", ours)
