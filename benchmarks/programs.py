"""The way to start each program with a model: mkexe's artifact, the reference's llama-server, node-llama-cpp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plan
from benchmarks.measure import Start
from benchmarks.node_peer import NodePeer, node_session
from benchmarks.reference import Reference
from benchmarks.sessions import environment_of, http_session


@dataclass(frozen=True)
class Programs:
    """The programs to compare. A peer that was not chosen is None. `home` is the variable HOME of the programs."""

    reference: Reference | None
    node: NodePeer | None
    threads: int
    home: Path

    def start(self, program: str, artifact: Path, model: Path, settings: str) -> Start:
        """The way to start `program`: the artifact through sh, as a shell does; the others with the model's path."""
        same = settings == plan.SAME
        arguments = plan.server_arguments(self.threads) if same else []
        environment = environment_of(self.home)
        log = self.home / f"bench-{program}.log"
        starts: dict[str, Callable[[], Start]] = {
            plan.OURS: lambda: lambda: http_session(["sh", str(artifact), *arguments], environment, log),
            plan.REFERENCE: lambda: self._reference(model, arguments, environment, log),
            plan.NODE: lambda: self._node(model, same, environment, log),
        }
        return starts[program]()

    def _reference(self, model: Path, arguments: list[str], environment: dict[str, str], log: Path) -> Start:
        assert self.reference is not None
        command: list[str | Path] = [self.reference.server, "-m", model, *arguments]
        return lambda: http_session(command, environment, log)

    def _node(self, model: Path, same: bool, environment: dict[str, str], log: Path) -> Start:
        assert self.node is not None
        node, threads = self.node, self.threads if same else None
        return lambda: node_session(node, model, threads, environment, log)
