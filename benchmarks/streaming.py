"""How smoothly the page draws an answer that comes at 100 tokens/s, in an empty chat and after 1,000 messages.

usage: python benchmarks/streaming.py [--runs N] [--raw FILE]

This is the built page, in Debian's Chromium without a window. The answer comes from a server that sends at fixed times.
The same page without an answer is measured too: this is the limit of the browser on this machine.
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# use this checkout's mkexe and its tests, also if another mkexe is installed
sys.path[:1] = [str(ROOT), str(ROOT / "builder"), str(ROOT / "tests")]

from benchmarks import machine  # noqa: E402
from benchmarks.raw import RawFile  # noqa: E402
from browser.chat_files import long_chat  # noqa: E402
from browser.chat_page import ChatPage  # noqa: E402
from browser.conftest import CHROMIUM_ARGS, TEMPLATES, chromium_path  # noqa: E402
from browser.fake_server import Answer, FakeServer, Step  # noqa: E402
from mkexe.page import bundle  # noqa: E402

_RATE = 100.0  # tokens/s
_TOKENS = 1000
_IDLE_MS = 5000
_LENGTHS = (0, 1000)  # earlier messages in the chat
_LONG_MS = 50.0  # browsers report longer tasks as long tasks (W3C Long Tasks)
_SECTION = """## What roses need

Roses like **sun** and deep soil. Water the soil and *not* the leaves, in the morning rather than in the evening, and
mulch what dries out in summer. See `garden.py` for the numbers.

1. Plant them where they have six hours of sun a day.
2. Cut them back when the forsythia blooms.

| month | work |
|---|---|
| March | cut back |
| June | cut off what has faded |

```python
def litres_per_week(area_m2: float) -> float:
    return 15 * area_m2  # in a dry summer
```

"""
_COUNT_FRAMES = """() => {
    window.drawn = [];
    const tick = (now) => { window.drawn.push(now); requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
}"""


class Paced(list[Step]):
    """Steps of an answer that come at `_RATE`."""

    def __iter__(self) -> Iterator[Step]:
        began = time.monotonic()
        for index, step in enumerate(list.__iter__(self)):
            time.sleep(max(0.0, began + index / _RATE - time.monotonic()))
            yield step


def main() -> int:
    """Measure and print a table as Markdown; each run is in the raw file as soon as it ended."""
    options = _parser().parse_args()
    raw = RawFile(options.raw or ROOT / "benchmarks" / "results" / time.strftime("%Y-%m-%dT%H%M%S-streaming.raw.jsonl"))
    with tempfile.TemporaryDirectory(prefix="mkexe-streaming-") as name, sync_playwright() as playwright:
        folder = Path(name)
        bundle.build_page(folder / "page", TEMPLATES, folder / "page.log")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        raw.start({"measured": {"browser": browser.version}, "facts": machine.machine_facts()})
        for _ in range(options.runs):
            for length in _LENGTHS:
                raw.add("run", messages=length, **_measure(browser, folder / "page", length))
        browser.close()
    print("| messages before | written | frames/s | 95 % of frames in | longest | over 50 ms | end shown after |")
    print("|---|---|---|---|---|---|---|")
    for length in _LENGTHS:
        runs = [run for run in raw.records if run["kind"] == "run" and run["messages"] == length]
        print(_row(length, "nothing", [run["idle_ms"] for run in runs], None))
        print(_row(length, "100 tokens/s", [run["writing_ms"] for run in runs], [run["end_ms"] for run in runs]))
    return 0


def _measure(browser: Browser, page_folder: Path, length: int) -> dict[str, Any]:
    server = FakeServer(page_folder)
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    try:
        server.session_name, server.chats_folder = "tiny", "/nowhere"
        server.props["default_generation_settings"] = {"n_ctx": 1_000_000}
        if length:
            server.chats["chat-long"] = long_chat("chat-long", length)
        page = context.new_page()
        page.goto(f"{server.url}#chat-long" if length else server.url)
        expect(page.locator("article.answer").last if length else page.locator("h1").first).to_be_visible()
        page.evaluate(_COUNT_FRAMES)
        page.wait_for_timeout(_IDLE_MS)
        idle = _frames(page)
        return {"idle_ms": idle, **_write(page, server)}
    finally:
        context.close()
        server.stop()


def _write(page: Page, server: FakeServer) -> dict[str, Any]:
    words = re.findall(r"\s*\S+", _SECTION * (_TOKENS // 50))[: _TOKENS - 1]
    server.answers.append(Answer(Paced([*words, "\n\nThe end."])))
    ChatPage(page).ask("Tell me of roses")
    page.evaluate("window.drawn = []")
    began = time.monotonic()
    expect(page.get_by_text("The end.", exact=True)).to_be_visible(timeout=60_000)
    seconds = time.monotonic() - began
    return {"writing_ms": _frames(page), "end_ms": (seconds - (_TOKENS - 1) / _RATE) * 1000}


def _frames(page: Page) -> list[float]:
    """The milliseconds from each frame to the next since the last call."""
    drawn = page.evaluate("() => { const drawn = window.drawn; window.drawn = []; return drawn; }")
    return [round(after - before, 2) for before, after in itertools.pairwise(drawn)]


def _row(length: int, written: str, runs: list[list[float]], ends: list[float] | None) -> str:
    frames = sorted(frame for run in runs for frame in run)
    late = sum(frame > _LONG_MS for frame in frames)
    cells = (
        f"{length:,}", written, f"{1000 * len(frames) / sum(frames):.1f}", f"{frames[int(len(frames) * 0.95)]:.1f} ms",
        f"{frames[-1]:.0f} ms", f"{late} of {len(frames)}", f"{statistics.median(ends):.0f} ms" if ends else "",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each state (default: %(default)s)")
    parser.add_argument("--raw", type=Path, help="where the runs are kept (default: benchmarks/results/DATE)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
