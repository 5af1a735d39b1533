"""The command line: arguments in, exit status out. The only place that turns errors into text."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from mkexe import __version__, config, console
from mkexe.artifact.reader import open_artifact
from mkexe.base import cache, interruption, units
from mkexe.base.suggest import advise
from mkexe.boot import boot
from mkexe.commands import advise as advise_command
from mkexe.commands import artifact as artifact_command
from mkexe.commands import boot as boot_command
from mkexe.commands import build as build_command
from mkexe.commands import built_file
from mkexe.commands import convert as convert_command
from mkexe.commands import preview as preview_command
from mkexe.commands import runtimes as runtimes_command
from mkexe.errors import ArtifactError, BootError, DefectError, MkexeError, UsageError
from mkexe.layouts import deliver, registry, systems
from mkexe.models import memory
from mkexe.runtimes import build as runtime_build
from mkexe.runtimes import targets

INTERRUPTED = 130
_UNIT = 1_000_000
_TIMEOUT_MAXIMUM_S = 1_000_000
_SHOWN_CHARACTERS = 200  # of an unexpected exception's own words
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"
# flags of `mkexe build` by the key of mkexe.toml that they stand for
_FLAG_KEYS = {
    "output": "build.output", "target": "build.targets", "name": "build.name", "layout": "build.layout",
    "split_size": "build.split_size", "mmproj": "build.mmproj",
    "title": "page.title", "icon": "page.icon", "accent": "page.accent", "greeting": "page.greeting",
    "question": "page.questions", "footer": "page.footer", "about": "page.about", "links": "page.links",
    "language": "page.language", "system_prompt": "page.system_prompt",
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (docs/errors.md)."""
    console.prepare()
    try:
        with interruption.by_signals():
            options = parse(sys.argv[1:] if arguments is None else arguments)
            options.run(options)
    except KeyboardInterrupt:
        console.say("interrupted; nothing half-written is left")
        return INTERRUPTED
    except BrokenPipeError:
        console.drop_output()
        return 1
    except Exception as error:
        problem = _explain(error)
        console.error(problem)
        return problem.exit_code
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line, whose `run` takes them; raises UsageError, and SystemExit for --help."""
    return _parser().parse_args(_join_values(arguments))


def _explain(error: Exception) -> MkexeError:
    """What a person is told of an exception; one that nobody expected is a defect, and its traceback is kept."""
    if isinstance(error, MkexeError):
        return error
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return MkexeError(f"{error.filename or 'a file'}: {reason}", "check the path and its permissions")
    if isinstance(error, MemoryError):
        return _no_memory()
    lines = "".join(traceback.format_exception(error))
    what = f"this is a defect of mkexe: {type(error).__name__}: {str(error)[:_SHOWN_CHARACTERS]}"
    try:
        kept = cache.root() / "logs" / "defect.log"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(lines, "utf-8", errors="backslashreplace")
    except OSError:
        return DefectError(what, "please report it, with the lines above", lines)
    return DefectError(what, f"please report it, with what is in {kept}")


def _no_memory() -> MkexeError:
    """Names the shell's limit where there is one, in the unit that it has there."""
    limit = -1
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit < 0:  # RLIM_INFINITY
        return MkexeError("there is no more memory", "end other programs, and try again")
    return MkexeError(f"there is no more memory: ulimit -v is {limit // 1024} kB", "raise that limit, and try again")


def _join_values(arguments: list[str]) -> list[str]:
    """Write `--arg --verbose` as `--arg=--verbose`: argparse takes a value that starts with a dash for an option."""
    joined: list[str] = []
    for word in arguments:
        if joined and joined[-1] == "--arg":
            joined[-1] = f"--arg={word}"
        else:
            joined.append(word)
    return joined


class _Parser(argparse.ArgumentParser):
    """argparse, with errors that read like all others, and options that must be written in full."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)
        self._words: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What is left over is refused here, where the command and its options are known."""
        self._words = list(args)
        parsed, extras = super().parse_known_args(args, namespace)
        if extras:
            self._refuse(extras[0])
        return parsed, extras

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found, in the form of the other errors."""
        missing = re.fullmatch(r"the following arguments are required: (.*)", message)
        if missing:
            self._refuse_unknown_command_option()
            raise UsageError(f"{self.prog}: {missing[1]} is missing", f"{self.prog} --help has examples")
        message = message.removeprefix("argument ")
        wrong = re.fullmatch(r"(COMMAND|ACTION): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong:
            known = re.findall(r"[\w-]+", wrong[3])
            raise UsageError(f"{self.prog}: unknown command {wrong[2]}", advise(wrong[2], known))
        raise UsageError(f"{self.prog}: {message}", f"{self.prog} --help has examples")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help and version are results; argparse passes over that they cannot be written."""
        console.result_as_it_is(message)

    def _refuse(self, text: str) -> NoReturn:
        word = text.partition("=")[0]
        if not word.startswith("-"):
            raise UsageError(f"{self.prog}: unknown argument {word}", f"{self.prog} --help shows what it takes")
        advice = advise(word, self._known_options())
        if not advice.startswith("did you"):
            advice = f"{self.prog} --help lists the options"
        raise UsageError(f"{self.prog}: unknown option {word}", advice)

    def _refuse_unknown_command_option(self) -> None:
        """A mistyped option in place of a command is the mistake, not the command that is missing."""
        if self._words and self._words[0].startswith("-") and self._words[0] not in self._known_options():
            self._refuse(self._words[0])

    def _known_options(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mkexe",
        description="Turn a GGUF model into one file that runs on Linux, Windows and macOS.",
        epilog="mkexe COMMAND --help shows a command's options and examples.",
    )
    parser.add_argument("--version", action="version", version=f"mkexe {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_build(commands)
    _add_advise(commands)
    _add_convert(commands)
    _add_preview(commands)
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
        "mkexe build model.gguf --layout native --target linux-x86_64",
        "mkexe build model.gguf --mmproj mmproj-model.gguf",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf", help="the model; of a split one, the first part")
    _add_projector(parser)
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write (default: the name and .exe or .cmd)")
    parser.add_argument(
        "--target", action="append", metavar="TARGET",
        help="a system to run on, or all, or host; repeatable (default: every one that is compiled or bundled)",
    )  # fmt: skip
    _add_layout(parser, "auto: exe, or script where that is too large for Windows")
    _add_split_size(parser)
    parser.add_argument(
        "--names", action="store_true", help="give the file the names for each system too, as hard links or clones"
    )
    parser.add_argument("--name", help="the name that the API reports (default: the model file's)")
    parser.add_argument(
        "--arg", action="append", default=[], metavar='"..."', dest="default_args",
        help="default options of llama.cpp's server, in front of the user's; repeatable, split at spaces like a shell",
    )  # fmt: skip
    _add_sha256(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    _add_config(parser)
    _add_page_flags(parser.add_argument_group("the page (docs/configuration.md)"))


def _add_advise(commands: _Commands) -> None:
    parser = _command(
        commands,
        "advise",
        "say what will happen with a model on each system; nothing is built",
        _advise,
        "mkexe advise model.gguf",
        "mkexe advise model.gguf --layout pair --target windows-x86_64",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf", help="the model; of a split one, the first part")
    _add_projector(parser)
    _add_layout(parser, "auto: exe, or script where that is too large for Windows")
    parser.add_argument(
        "--target", action="append", default=[], metavar="TARGET",
        help="a system to run on, or host; repeatable (default: all)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the advice as JSON")


def _add_projector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mmproj", metavar="FILE", help="the model's projector, with which it sees pictures or hears recordings"
    )


def _add_layout(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--layout", metavar="LAYOUT", required=default is None,
        help=f"the shape of the file: {', '.join(registry.CHOICES)} (docs/layouts.md"
        + (f"; default: {default})" if default else ")"),
    )  # fmt: skip


def _add_sha256(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sha256", action="store_true", help="say the SHA-256 of the whole file too, which is read once more for it"
    )


def _add_split_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--split-size", metavar="SIZE",
        help="with layout pair: cut the weights into files of at most that size, such as 4GB (for FAT32)",
    )  # fmt: skip


def _add_convert(commands: _Commands) -> None:
    parser = _command(
        commands,
        "convert",
        "write a built file in another layout; needs nothing but that file",
        _convert,
        "mkexe convert assistant.exe --layout script -o assistant.cmd",
        "mkexe convert assistant.exe --layout native --target linux-x86_64 -o assistant",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a file that mkexe wrote, or an app's folder")
    _add_layout(parser, None)
    _add_split_size(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="the file to write (default: the name)")
    parser.add_argument(
        "--target", action="append", default=[], metavar="TARGET",
        help="for this system alone; repeatable (default: all that are inside; with native, this machine); where its "
        "program is not inside, this mkexe's own is taken",
    )  # fmt: skip
    _add_sha256(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE",
        help=f"read these settings from a file; flags win (default: {config.FILE_NAME} here, if there is one)",
    )  # fmt: skip


def _add_page_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--title", help="its title (default: the model's name)")
    group.add_argument(
        "--system-prompt", metavar="TEXT|@FILE", help="what the page tells the model at the start of a chat"
    )
    group.add_argument("--icon", metavar="FILE", help="an SVG or a PNG of at most 1 MB")
    group.add_argument("--accent", metavar="#RRGGBB", help="the colour of buttons and links")
    group.add_argument("--greeting", metavar="TEXT", help="what stands above an empty chat")
    group.add_argument("--question", action="append", metavar="TEXT", help="a sample question; up to 8 times")
    group.add_argument("--footer", metavar="TEXT", help="a line below the page")
    group.add_argument("--about", metavar="TEXT|@FILE", help="what the page says about itself")
    group.add_argument(
        "--no-links", action="store_const", const=False, dest="links", help="addresses in answers are not links"
    )
    group.add_argument("--language", metavar="CODE", help="the page's language, such as de (default: the browser's)")
    group.add_argument(
        "--setting", action="append", default=[], metavar="NAME=VALUE",
        help="preset a setting, such as temperature=0.7; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--lock", action="append", default=[], metavar="NAME", help="nobody can change this setting; repeatable"
    )


def _add_preview(commands: _Commands) -> None:
    parser = _command(
        commands,
        "preview",
        "show the page as mkexe.toml makes it, anew after every change",
        _preview,
        "mkexe preview",
        "mkexe preview --model model.gguf --config brand/mkexe.toml",
    )
    parser.add_argument(
        "--model", type=Path, metavar="MODEL.gguf", help="let it answer (default: scripted answers, at once)"
    )
    _add_config(parser)
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="the port on this computer (default: a free one)"
    )


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
    entries = _entries(options)
    built = build_command.build(
        build_command.BuildRequest(options.model, config.build_settings(entries), config.page_settings(entries))
    )
    _show_built(built_file.give_other_names(built) if options.names else built, options)


def _advise(options: argparse.Namespace) -> None:
    layout = _known_layout(options.layout or registry.AUTO)
    projector = Path(options.mmproj) if options.mmproj else None
    found = advise_command.advise(advise_command.AdviceRequest(options.model, layout, tuple(options.target), projector))
    if options.json:
        console.result_json(dataclasses.asdict(found))
        return
    _show_facts(found)
    for system in found.systems:
        console.result("")
        console.result(f"{system.system} ({systems.names_of(system.targets)})" if system.starts else system.system)
        rows = [("  start", system.start)]
        if system.starts:
            rows += [("  size limit", system.limit), *(("  note", note) for note in system.notes)]
        console.table(("", ""), rows)


def _show_facts(found: advise_command.Advice) -> None:
    """What is the same on every system."""
    rows = [
        ("file", f"{found.file}, about {units.readable_size(found.size)}"),
        *(("beside it", name) for name in found.beside),
        ("layout", found.layout + (f": {found.reason}" if found.reason else "")),
        *(("size limit", limit) for limit in found.limits),
        *(("memory", line) for line in memory.describe_memory(found.memory)),
        *(("note", note) for note in memory.memory_notes(found.memory)),
    ]
    console.table(("", ""), rows)


def _known_layout(name: str) -> str:
    if name not in registry.CHOICES:
        raise UsageError(f"--layout: unknown layout {name!r}", advise(name, registry.CHOICES))
    return name


def _convert(options: argparse.Namespace) -> None:
    _known_layout(options.layout)
    size = config.parse_size(options.split_size, "--split-size") if options.split_size is not None else None
    request = convert_command.ConvertRequest(options.file, options.layout, options.output, tuple(options.target), size)
    _show_built(convert_command.convert(request), options)


def _show_built(built: deliver.Built, options: argparse.Namespace) -> None:
    built = built_file.add_checksum(built) if options.sha256 else built
    overhead = built.size - (0 if built.beside else built.weights)
    start = built_file.how_to_start(built)
    if options.json:
        console.result_json(
            {
                "path": str(built.path), "layout": built.layout, "size": built.size, "weights": built.weights,
                "overhead": overhead, "sha256": built.sha256 or None, "targets": list(built.targets),
                "beside": [str(path) for path in built.beside],
                "other_names": [str(path) for path in built.other_names], "start": start,
                "memory": dataclasses.asdict(built.memory) if built.memory else None,
            }
        )  # fmt: skip
        return
    rows = [
        ("file", str(built.path)),
        ("layout", built.layout),
        ("size", _megabytes(built.size)),
        ("weights", _megabytes(built.weights)),
        ("overhead", _megabytes(overhead)),
        ("runs on", ", ".join(built.targets)),
    ]
    rows += [("sha256", built.sha256)] if built.sha256 else []
    rows += [("belongs to it", str(path)) for path in built.beside]
    rows += [("also called", str(path)) for path in built.other_names]
    rows.append(("start", start))
    if built.memory is not None:
        rows.append(("memory", memory.describe_memory(built.memory)[0]))
    console.table(("", ""), rows)


def _entries(options: argparse.Namespace) -> config.Entries:
    """What the file and the flags say, the flags above the file."""
    path = _config_file(options)
    below = config.read_config(path) if path is not None else {}
    entries = dict(below)
    for name, key in _FLAG_KEYS.items():
        value = getattr(options, name)
        if value is not None:
            flag = "--no-links" if name == "links" else f"--{name.replace('_', '-')}"
            entries[key] = config.flag_entry(flag, value)
    if options.default_args:
        entries["build.args"] = config.flag_entry("--arg", options.default_args)
    return entries | config.setting_entries(options.setting, options.lock, below)


def _config_file(options: argparse.Namespace) -> Path | None:
    if options.config is not None:
        named: Path = options.config
        return named
    found = config.default_file()
    if found is not None:
        console.say(f"settings from {found.absolute()}")
    return found


def _preview(options: argparse.Namespace) -> None:
    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port: expected 0 to 65535, found {options.port}", "leave it out for a free one")
    preview_command.preview(
        options.model, options.config or Path(config.FILE_NAME), options.config is not None, options.port
    )


def _boot(options: argparse.Namespace) -> None:
    if not 0 < options.timeout <= _TIMEOUT_MAXIMUM_S:  # written so that a NaN is refused
        expected = f"--timeout: expected seconds above 0, at most {_TIMEOUT_MAXIMUM_S}"
        raise UsageError(f"{expected}, found {options.timeout}", "leave it out for the usual time")
    question = boot.Question(options.ask, options.expect)

    def report(result: boot.BootResult) -> None:
        if not options.json:
            seconds = f" in {result.seconds:.1f} s" if result.seconds else ""
            console.result(f"{result.target:15} {result.verdict:8} {result.how}{seconds}")
            for line in result.detail.splitlines():
                console.result(f"{'':24} {line}")

    results = boot_command.boot_file(options.file, options.on, question, options.timeout, report)
    if options.json:
        console.result_json([vars(result) for result in results])
    failed = [result for result in results if result.verdict == boot.FAILED]
    if options.require_all:
        failed += [result for result in results if result.verdict == boot.NOT_RUN]
    if failed:
        raise BootError(
            f"{options.file}: {len(failed)} of {len(results)} starts failed", failed[0].detail.partition("\n")[0]
        )


def _inspect(options: argparse.Namespace) -> None:
    artifact = open_artifact(options.file)
    if options.json:
        console.result_json(json.loads(artifact.manifest_text))
        return
    manifest = artifact.manifest
    console.result(f"{manifest.page['title']} ({manifest.name}), layout {manifest.layout}, {_megabytes(artifact.size)}")
    console.result(f"made {manifest.created} by {manifest.generator}")
    for model in manifest.models:
        console.result(
            f"{model.role}: {model.name}, architecture {model.architecture}, licence {model.license or 'not stated'}"
        )
    console.result(f"default options: {' '.join(manifest.default_args) or 'none'}")
    names = {id(record.range): f"(the file itself) {record.target}" for record in manifest.runtimes}
    rows = [
        (item.entry or names[id(item)], f"{item.offset:#x}", str(item.size), item.sha256) for item in manifest.ranges()
    ]
    rows += [(f"(file) {item.beside}", "", str(item.size), item.sha256) for item in manifest.sidecars()]
    console.table(("entry", "offset", "bytes", "sha256"), rows)


def _verify(options: argparse.Namespace) -> None:
    artifact, findings = artifact_command.open_and_verify(options.file)
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
    for path in artifact_command.extract(options.file, options.entries, options.directory):
        console.result(str(path))


def _runtime_build(options: argparse.Namespace) -> None:
    names = ["all"] if options.all else options.target or ["host"]
    for name in targets.choose_targets(names):
        runtime = runtimes_command.get_runtime(targets.all_targets()[name])
        console.result(f"{name:15} {_megabytes(runtime.size_bytes)} {runtime.path}")
        if options.copy_to is not None:
            runtimes_command.copy_for_bundling(runtime, options.copy_to)


def _runtime_list(options: argparse.Namespace) -> None:
    found = {name: runtime_build.find_runtime(target) for name, target in targets.all_targets().items()}
    if options.json:
        console.result_json({name: str(runtime.path) if runtime else None for name, runtime in found.items()})
        return
    for name, runtime in found.items():
        console.result(f"{name:15} {f'{_megabytes(runtime.size_bytes)} {runtime.path}' if runtime else 'not compiled'}")


def _megabytes(size: int) -> str:
    return f"{size / _UNIT:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
