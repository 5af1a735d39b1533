"""The table of the options of a build.

Each row is a key of mkexe.toml and a flag of `mkexe build`. The command line, the reader of mkexe.toml and the checks
use these rows. A test compares docs/configuration.md and the page's types with them. To add an option, add a row and
the code that uses the value.
"""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.config import value_kinds
from mkexe.config.value_kinds import Kind
from mkexe.layouts.names import CHOICES

QUESTIONS_MAXIMUM = 8
SETTINGS = "page.settings"  # this key is itself a table; its flags are --setting and --lock


@dataclass(frozen=True)
class Option:
    """One row: `flags` as they are typed, the usual one first; `default` describes the default value in words.

    `flag_help` is the flag's text if the flag means the opposite of the key.
    """

    key: str
    flags: tuple[str, ...]
    kind: Kind
    metavar: str
    help: str
    default: str = ""
    flag_help: str = ""

    @property
    def table(self) -> str:
        """The table of mkexe.toml that holds the key."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """The key without its table."""
        return self.key.partition(".")[2]

    @property
    def parameter(self) -> str:
        """The flag as the name of a variable."""
        return self.flags[0].removeprefix("--").removeprefix("no-").replace("-", "_")


BUILD = (
    Option(
        "build.output", ("--output", "-o"), value_kinds.path(), "FILE", "The file to write.",
        "the name (--name), with the ending that the layout needs",
    ),
    Option(
        "build.targets", ("--target",), value_kinds.target_names(), "TARGET",
        "A system that the file runs on, or all, or host.", "every system whose runtime is compiled or bundled",
    ),
    Option(
        "build.name", ("--name",), value_kinds.text(), "NAME",
        "The name of the model in the API, and of the file.", "the model file's name",
    ),
    Option(
        "build.args", ("--arg",), value_kinds.command_line(), "'...'",
        "Default options of llama.cpp's server. Options given when the file starts override them.",
    ),
    Option(
        "build.layout", ("--layout",), value_kinds.layout(), "LAYOUT",
        f"The shape of the file: {', '.join(CHOICES)}.",
        "auto, which is exe, or script where that is too large for Windows",
    ),
    Option(
        "build.split_size", ("--split-size",), value_kinds.size(), "SIZE",
        "With layout pair: split the weights into files of at most this size, such as 4GB for FAT32.",
    ),
    Option(
        "build.mmproj", ("--mmproj",), value_kinds.path(), "FILE",
        "The model's projector. With it the model sees pictures or hears recordings.",
    ),
)  # fmt: skip

PAGE = (
    Option("page.title", ("--title",), value_kinds.text(100), "TEXT", "The title of the page.", "the model's name"),
    Option("page.icon", ("--icon",), value_kinds.icon(), "FILE", "The icon of the page.", "mkexe's icon"),
    Option("page.accent", ("--accent",), value_kinds.colour(), "#RRGGBB", "The colour of buttons and links."),
    Option("page.greeting", ("--greeting",), value_kinds.text(500), "TEXT", "The text above an empty chat."),
    Option(
        "page.questions", ("--question",), value_kinds.texts(QUESTIONS_MAXIMUM, 300), "TEXT",
        "A sample question.",
    ),
    Option("page.footer", ("--footer",), value_kinds.text(500), "TEXT", "A line below the page."),
    Option(
        "page.about", ("--about",), value_kinds.text_or_file(20_000), "TEXT|@FILE",
        "What the page says about itself, in Markdown.",
    ),
    Option(
        "page.links", ("--no-links",), value_kinds.switch(), "",
        "`false`: show addresses in answers as text, not as links.", "true",
        flag_help="Show addresses in answers as text, not as links.",
    ),
    Option(
        "page.language", ("--language",), value_kinds.language(), "CODE", "The language of the page, such as de.",
        "the browser's",
    ),
    Option(
        "page.system_prompt", ("--system-prompt",), value_kinds.text_or_file(20_000), "TEXT|@FILE",
        "What the model is told at the start of a chat.",
    ),
)  # fmt: skip

ALL = (*BUILD, *PAGE)
BY_KEY = {row.key: row for row in ALL}


def keys_by_table() -> dict[str, tuple[str, ...]]:
    """The tables of mkexe.toml, and the keys that each may have."""
    found = {table: tuple(row.name for row in ALL if row.table == table) for table in ("build", "page")}
    return {**found, "page": (*found["page"], SETTINGS.partition(".")[2])}
