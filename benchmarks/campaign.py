"""Measure the chosen cases one by one, and add every run to the raw file as soon as it ends."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bundling, limits, machine, models, node_peer, plan, reference
from benchmarks.bundling import ROOT, Artifact
from benchmarks.measure import run_once
from benchmarks.models import Model
from benchmarks.pairs import missing_runs
from benchmarks.programs import Programs
from benchmarks.raw import RawFile
from mkexe.base import cache
from mkexe.cli import console
from mkexe.cli.reporters import TerminalReporter
from mkexe.errors import OutputError
from mkexe.runtimes import pins, targets
from mkexe.runtimes import store as runtime_store

_TINY = ROOT / "tests" / "data" / "tiny" / "tiny.gguf"
_NO_HTTP = "it is a library and has no HTTP server"


@dataclass(frozen=True)
class Request:
    """The arguments of run.py. `models` are a user's own files, measured instead of the cases.

    `settings` holds "same", "defaults" or both.
    """

    cases: tuple[plan.ModelCase, ...]
    models: tuple[Path, ...]
    peers: tuple[str, ...]
    pairs: int
    threads: int
    bundling: bool
    settings: tuple[str, ...]


def measure(request: Request, raw: RawFile) -> None:
    """Measure everything that is not in the raw file yet."""
    with bundling.scratch_folder() as scratch:
        programs = _programs(request, scratch)
        names = bundling.present_targets()
        raw.start(_machine(programs, request, scratch))
        _measure_sizes(programs, request, raw, scratch, names)
        speed = limits.measure_read_speed(request.threads)
        raw.add("limit", name="memory read", bytes_per_s=speed.bytes_per_s, method=speed.method)
        if plan.NODE in request.peers:
            raw.add_once("empty", peer=plan.NODE, metric=plan.METRICS["first_answer"].title, reason=_NO_HTTP)
        found = _models(request, scratch)
        for model, settings in found:
            _measure_model(model, settings, programs, request, raw, scratch, names)
        if request.bundling:
            nearest = min((model for model, _ in found), key=lambda model: abs(model.size_bytes - bundling.GOAL_BYTES))
            _measure_bundling(nearest, request, raw, scratch, names)


def _programs(request: Request, scratch: Path) -> Programs:
    """Return the programs to compare. Compiles or installs the missing ones."""
    found = None
    if plan.REFERENCE in request.peers:
        with TerminalReporter().steps_progress("the reference, llama.cpp with the system's compiler") as progress:
            found = reference.find_reference(progress)
    node = node_peer.find_node_peer() if plan.NODE in request.peers else None
    return Programs(found, node, request.threads, scratch)


def _models(request: Request, scratch: Path) -> list[tuple[Model, tuple[str, ...]]]:
    """The models with their settings. Missing models are made, if the disk has room for them."""
    if request.models:
        described = [models.describe_model(path.absolute(), path.stem) for path in request.models]
        return [(model, _settings(request, with_defaults=True)) for model in described]
    with TerminalReporter().steps_progress("llama.cpp's source") as progress:
        source = reference.find_source(progress)
    needed, free = models.missing_bytes(list(request.cases), source), machine.free_disk_bytes(scratch)
    if needed > free:
        raise OutputError(
            f"{scratch}: {free / 1e9:.1f} GB are free, the models and one artifact need {needed / 1e9:.1f} GB",
            "choose fewer with --sizes and --types, or another folder with MKEXE_CACHE",
        )
    sizes = [case.size for case in request.cases]
    size_of_defaults = plan.DEFAULTS_SIZE if plan.DEFAULTS_SIZE in sizes else sizes[0]
    found: list[tuple[Model, tuple[str, ...]]] = []
    for case in request.cases:
        console.say(f"model {case.name}")
        settings = _settings(request, with_defaults=case.size == size_of_defaults)
        found.append((models.find_model(case, source), settings))
    return found


def _settings(request: Request, *, with_defaults: bool) -> tuple[str, ...]:
    wanted = {plan.SAME: "same" in request.settings, plan.DEFAULTS: "defaults" in request.settings and with_defaults}
    return tuple(name for name, chosen in wanted.items() if chosen)


def _measure_model(
    model: Model, settings: tuple[str, ...], programs: Programs, request: Request, raw: RawFile, scratch: Path,
    names: list[str],
) -> None:  # fmt: skip
    """Measure all pairs of one model, with each of the settings, against each peer."""
    raw.add_once("model", name=model.name, file=model.path.name, size_bytes=model.size_bytes,
                 parameters=model.parameters, read_per_token_bytes=model.read_per_token_bytes)  # fmt: skip
    wanted = {
        (kind, peer): list(missing_runs(raw.records, kind, model.name, peer, request.pairs))
        for kind in settings
        for peer in request.peers
    }
    if not any(wanted.values()):
        return
    with _artifact(model, scratch, names) as artifact:
        for (kind, peer), pairs in wanted.items():
            starts = {
                name: programs.start(name, artifact.path, model.path, kind) for name in (plan.OURS, peer)
            }  # fmt: skip
            # so that both files are in the page cache and the artifact's runtime is unpacked
            for start in starts.values() if pairs else ():
                with start():
                    pass

            def measured(name: str, pair: int, starts: dict[str, Any] = starts) -> dict[str, Any]:
                return run_once(starts[name], model, seed=1000 + pair)

            _measure_pairs(raw, kind, model.name, peer, pairs, measured)


@contextlib.contextmanager
def _artifact(model: Model, scratch: Path, names: list[str]) -> Iterator[Artifact]:
    """Build the model's artifact, and remove it afterwards."""
    output = scratch / f"bench-{model.path.stem}"
    try:
        yield bundling.build_artifact(model.path, output, names)
    finally:
        output.unlink(missing_ok=True)


def _measure_pairs(
    raw: RawFile, settings: str, case: str, peer: str, pairs: list[tuple[int, tuple[str, str]]],
    measured: Callable[[str, int], dict[str, Any]],
) -> None:  # fmt: skip
    for pair, order in pairs:
        for position, program in enumerate(order):
            began = time.monotonic()
            record = measured(program, pair)
            raw.add(
                "run", settings=settings, case=case, peer=peer, pair=pair, position=position, program=program, **record
            )
            took = time.monotonic() - began
            console.say(f"{settings}, {case}, {peer}: pair {pair + 1}, {program}: {took:.1f} s")


def _measure_bundling(model: Model, request: Request, raw: RawFile, scratch: Path, names: list[str]) -> None:
    output = scratch / "bench-bundled"
    for kind in (bundling.FIRST, bundling.REPEATED):
        case = f"{model.name}, {model.size_bytes / 1e9:.2f} GB, {kind}"
        pairs = list(missing_runs(raw.records, plan.FILES, case, plan.COPY, request.pairs))

        def measured(program: str, _: int, kind: str = kind) -> dict[str, Any]:
            return bundling.time_bundling(program, kind, model.path, output, names)

        if pairs:  # so that the model is in the page cache, and known to the builder
            measured(plan.OURS, 0)
        _measure_pairs(raw, plan.FILES, case, plan.COPY, pairs, measured)


def _measure_sizes(programs: Programs, request: Request, raw: RawFile, scratch: Path, names: list[str]) -> None:
    """The bytes besides the weights: of an artifact for this system, of one for all compiled systems, of the peers."""
    sizes = {}
    if programs.reference is not None:
        sizes[plan.REFERENCE] = programs.reference.size_bytes
    if programs.node is not None:
        sizes[plan.NODE] = programs.node.size_bytes
    for chosen in dict.fromkeys([tuple(names[:1]), tuple(names)]):
        output = scratch / "bench-size.exe"
        artifact = bundling.build_artifact(_TINY, output, list(chosen))
        output.unlink()
        case = artifact.targets[0] if len(chosen) == 1 else f"{len(chosen)} systems"
        for peer in request.peers:
            facts = {"settings": plan.FILES, "case": case, "peer": peer, "pair": 0}
            raw.add_once("overhead", **facts, program=plan.OURS, bytes=artifact.overhead_bytes,
                         targets=list(artifact.targets))  # fmt: skip
            raw.add_once("overhead", **facts, program=peer, bytes=sizes[peer])


def _machine(programs: Programs, request: Request, scratch: Path) -> dict[str, Any]:
    """The conditions of the runs. Runs can be in one table only if `measured` is the same."""
    host = targets.all_targets()[targets.host_target()]
    measured = {
        "mkexe runtime": runtime_store.runtime_key(host),
        "mkexe builder": cache.key_of(cache.hash_tree(ROOT, "builder", "templates")),
        "llama.cpp": pins.llama_pin().commit,
        "compiler of mkexe": f"zig {pins.zig_version()}",
        "threads": request.threads,
    }
    if programs.reference is not None:
        measured["llama-server"] = f"{programs.reference.key}: {programs.reference.compiler}, -march=native, OpenMP"
    if programs.node is not None:
        node = programs.node
        measured["node-llama-cpp"] = f"{node.version}, llama.cpp {node.release}, Node {node.node.version}"
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": _commit(),
        "facts": machine.machine_facts(),
        "file_system": machine.file_system(scratch),
        "threads": request.threads,
        "settings": {plan.SAME: plan.server_arguments(request.threads), plan.DEFAULTS: []},
        "measured": measured,
    }


def _commit() -> str:
    """The checkout's commit, with -dirty if files differ from it; empty without git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
