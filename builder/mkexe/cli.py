"""The command line: arguments in, exit status out. The only place that turns errors into text."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from mkexe import __version__, boot, compile, console, pipeline, targets
from mkexe.container.reader import open_artifact
from mkexe.errors import ArtifactError, BootError, MkexeError, UsageError

INTERRUPTED = 130
_UNIT = 1_000_000
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (docs/errors.md)."""
    options = _parser().parse_args(_join_values(sys.argv[1:] if arguments is None else arguments))
    try:
        options.run(options)
    except MkexeError as error:
        console.error(error)
        return error.exit_code
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        console.error(
            MkexeError(f"{error.filename or 'a file'}: {error.strerror}", "check the path and its permissions")
        )
        return MkexeError.exit_code
    except KeyboardInterrupt:
        console.say("interrupted; nothing half-written is left")
        return INTERRUPTED
    return 0


def _join_values(arguments: list[str]) -> list[str]:
    """Write `--arg --verbose` as `--arg=--verbose`: argparse takes a value that starts with a dash for an option."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == "--arg":
            joined[-1] = f"--arg={word}"
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mkexe",
        description="Turn a GGUF model into one file that runs on Linux, Windows and macOS.",
        epilog="mkexe COMMAND --help shows a command's options and examples.",
    )
    parser.add_argument("--version", action="version", version=f"mkexe {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_build(commands)
    _add_boot(commands)
    _add_inspect(commands)
    _add_verify(commands)
    _add_extract(commands)
    _add_runtime(commands)
    return parser


def _command(
    commands: _Commands, name: str, description: str, run: Callable[[argparse.Namespace], None], *examples: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=description,
        description=description,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _add_build(commands: _Commands) -> None:
    parser = _command(
        commands,
        "build",
        "write one executable file out of a GGUF model",
        _build,
        "mkexe build model.gguf",
        'mkexe build model.gguf -o assistant.exe --title "Assistant" --system-prompt @prompt.txt',
        "mkexe build model-00001-of-00005.gguf --target linux-x86_64 --target windows-x86_64",
        'mkexe build model.gguf --arg "--ctx-size 8192"',
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf", help="the model; of a split one, the first part")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="the file to write (default: the name, with .exe)"
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="TARGET",
        help="a system to run on, or all, or host; repeatable (default: every one that is compiled or bundled)",
    )  # fmt: skip
    parser.add_argument("--name", default="", help="the name that the API reports (default: the model file's)")
    parser.add_argument("--title", default="", help="the page's title (default: the model's name)")
    parser.add_argument(
        "--system-prompt", default="", metavar="TEXT|@FILE", help="what the page tells the model at the start of a chat"
    )
    parser.add_argument(
        "--arg", action="append", default=[], metavar='"…"', dest="default_args",
        help="default options of llama.cpp's server, in front of the user's; repeatable, split at spaces like a shell",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_boot(commands: _Commands) -> None:
    parser = _command(
        commands,
        "boot",
        "start a built file on every system that can be had here, and ask it a question",
        _boot,
        "mkexe boot assistant.exe",
        'mkexe boot assistant.exe --on linux-x86_64 --ask "What is the capital of France?"',
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a file that mkexe build wrote")
    parser.add_argument("--on", action="append", default=[], metavar="TARGET", help="only this target; repeatable")
    parser.add_argument("--ask", default=boot.DEFAULT_QUESTION, metavar="QUESTION", help="what to ask")
    parser.add_argument("--expect", metavar="ANSWER", help="the exact answer that must come (greedy decoding)")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help="per start (default: 600)")
    parser.add_argument(
        "--require-all", action="store_true", default=bool(os.environ.get("CI")),
        help="fail where a tool is missing instead of saying so (the default where CI is set)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _add_inspect(commands: _Commands) -> None:
    parser = _command(commands, "inspect", "show what a built file holds", _inspect, "mkexe inspect assistant.exe")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print the manifest as JSON")


def _add_verify(commands: _Commands) -> None:
    parser = _command(
        commands, "verify", "compare every hash and every byte around them", _verify, "mkexe verify assistant.exe"
    )
    parser.add_argument("file", type=Path, metavar="FILE")


def _add_extract(commands: _Commands) -> None:
    parser = _command(
        commands,
        "extract",
        "take files out of a built file",
        _extract,
        "mkexe extract assistant.exe -C out",
        "mkexe extract assistant.exe models/model.gguf",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("entries", nargs="*", metavar="ENTRY", help="which ones (default: all)")
    parser.add_argument("-C", "--directory", type=Path, default=Path(), metavar="DIR", help="where to (default: here)")


def _add_runtime(commands: _Commands) -> None:
    runtime = commands.add_parser("runtime", help="compile or list runtimes", description="Compile or list runtimes.")
    actions = runtime.add_subparsers(metavar="ACTION", required=True)
    parser = _command(
        actions, "build", "compile the runtimes that are missing", _runtime_build,
        "mkexe runtime build", "mkexe runtime build --all",
    )  # fmt: skip
    parser.add_argument(
        "--target", action="append", default=[], metavar="TARGET", help="repeatable (default: this machine)"
    )
    parser.add_argument("--all", action="store_true", help="every target")
    parser.add_argument(
        "--copy-to", type=Path, metavar="DIR", help="copy them and the page there, as a wheel bundles them"
    )
    parser = _command(actions, "list", "show which runtimes are there", _runtime_list, "mkexe runtime list")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def _build(options: argparse.Namespace) -> None:
    try:
        default_args = tuple(word for item in options.default_args for word in shlex.split(item))
    except ValueError as error:
        raise UsageError(f"--arg: {error}", "quote it like for a shell") from error
    built = pipeline.build(
        pipeline.BuildRequest(
            options.model, options.output, options.target, options.name, options.title,
            _system_prompt(options.system_prompt), default_args,
        )
    )  # fmt: skip
    overhead = built.size - built.weights
    if options.json:
        console.result_json(
            {
                "path": str(built.path), "size": built.size, "weights": built.weights, "overhead": overhead,
                "sha256": built.sha256, "targets": list(built.targets),
            }
        )  # fmt: skip
        return
    rows = [
        ("file", str(built.path)),
        ("size", _megabytes(built.size)),
        ("weights", _megabytes(built.weights)),
        ("overhead", _megabytes(overhead)),
        ("sha256", built.sha256),
        ("runs on", ", ".join(built.targets)),
    ]
    console.table(("", ""), rows)


def _system_prompt(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--system-prompt: {text[1:]}: {error}", "name a UTF-8 text file after the @") from error


def _boot(options: argparse.Namespace) -> None:
    question = boot.Question(options.ask, options.expect)

    def report(result: boot.BootResult) -> None:
        if not options.json:
            seconds = f" in {result.seconds:.1f} s" if result.seconds else ""
            console.result(f"{result.target:15} {result.verdict:8} {result.how}{seconds}")
            console.result(f"{'':24} {result.detail}")

    results = pipeline.boot_file(options.file, options.on, question, options.timeout, report)
    if options.json:
        console.result_json([vars(result) for result in results])
    failed = [result for result in results if result.verdict == boot.FAILED]
    if options.require_all:
        failed += [result for result in results if result.verdict == boot.NOT_RUN]
    if failed:
        raise BootError(
            f"{options.file}: {len(failed)} of {len(results)} starts failed", failed[0].detail.splitlines()[0]
        )


def _inspect(options: argparse.Namespace) -> None:
    artifact = open_artifact(options.file)
    if options.json:
        console.result_bytes(artifact.manifest_text)
        return
    manifest = artifact.manifest
    console.result(f"{manifest.page['title']} ({manifest.name}), layout {manifest.layout}, {_megabytes(artifact.size)}")
    console.result(f"made {manifest.created} by {manifest.generator}")
    for model in manifest.models:
        console.result(
            f"{model.role}: {model.name}, architecture {model.architecture}, licence {model.license or 'not stated'}"
        )
    console.result(f"default options: {' '.join(manifest.default_args) or 'none'}")
    names = {id(record.range): f"(Windows program) {record.target}" for record in manifest.runtimes}
    rows = [
        (item.entry or names[id(item)], f"{item.offset:#x}", str(item.size), item.sha256) for item in manifest.ranges()
    ]
    console.table(("entry", "offset", "bytes", "sha256"), rows)


def _verify(options: argparse.Namespace) -> None:
    artifact, findings = pipeline.open_and_verify(options.file)
    if findings:
        for finding in findings:
            console.result(f"{options.file}: {finding}")
        raise ArtifactError(f"{options.file}: {len(findings)} things are wrong", "this copy is damaged; get it again")
    appended = artifact.size - artifact.block.artifact_size
    note = f"; {appended} bytes follow it (a signature?)" if appended else ""
    console.result(
        f"{options.file}: good, {len(artifact.manifest.ranges())} entries, {_megabytes(artifact.size)}{note}"
    )


def _extract(options: argparse.Namespace) -> None:
    for path in pipeline.extract(options.file, options.entries, options.directory):
        console.result(str(path))


def _runtime_build(options: argparse.Namespace) -> None:
    names = ["all"] if options.all else options.target or ["host"]
    for name in targets.choose_targets(names):
        runtime = pipeline.get_runtime(targets.all_targets()[name])
        console.result(f"{name:15} {_megabytes(runtime.size_bytes)} {runtime.path}")
        if options.copy_to is not None:
            pipeline.copy_for_bundling(runtime, options.copy_to)


def _runtime_list(options: argparse.Namespace) -> None:
    found = {name: compile.find_runtime(target) for name, target in targets.all_targets().items()}
    if options.json:
        console.result_json({name: str(runtime.path) if runtime else None for name, runtime in found.items()})
        return
    for name, runtime in found.items():
        console.result(f"{name:15} {f'{_megabytes(runtime.size_bytes)} {runtime.path}' if runtime else 'not compiled'}")


def _megabytes(size: int) -> str:
    return f"{size / _UNIT:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
