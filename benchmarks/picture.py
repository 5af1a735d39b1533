"""Draw docs/speed.svg, the ratios of tokens per second to llama-server, from the raw runs. Nothing here measures.

usage: python -m benchmarks.picture
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

ROOT = Path(__file__).resolve().parent.parent
# use this checkout's mkexe, also if another one is installed
sys.path[:1] = [str(ROOT), str(ROOT / "builder"), str(ROOT / "tests")]

from benchmarks import plan  # noqa: E402
from benchmarks.pairs import Row, rows_of  # noqa: E402
from benchmarks.raw import read_raw  # noqa: E402

PICTURE = ROOT / "docs" / "speed.svg"
# the runs in docs/performance.md; a case of a later file replaces the same case of an earlier file
RAW_FILES = tuple(
    ROOT / "benchmarks" / "results" / f"2026-11-27-{name}.raw.jsonl" for name in ("own-gemm", "f16-2", "f16-3b")
)
PANELS = {"prompt_512": "Reading a prompt of 512 tokens", "generation_32": "Writing 32 tokens"}

# all lengths in pixels of the picture
_TOP, _LEFT, _PANEL_PITCH, _BAR_AREA, _SCALE_END = 112, 138, 340, 270, 2.6
_ROW_HEIGHT, _BAR_HEIGHT, _GROUP_GAP = 20, 12, 10


@dataclass(frozen=True)
class Bar:
    """One ratio: the box from 0 to the median, the line from the lowest to the highest pair, and the text beside it."""

    name: str
    x: float
    y: int
    width: float
    low: float
    high: float
    text: str


def chosen_rows(records: list[dict[str, Any]]) -> dict[tuple[str, str], Row]:
    """The rows of the panels by metric and case, against llama-server, with the same settings."""
    return {
        (row.metric, row.case): row
        for row in rows_of(records, leave_out_disturbed=False)
        if row.metric in PANELS and (row.peer_name, row.settings) == (plan.REFERENCE, plan.SAME)
    }


def draw() -> str:
    """The picture as SVG. The same raw files always give the same text."""
    files = [read_raw(path) for path in RAW_FILES]
    rows: dict[tuple[str, str], Row] = {}
    for records in files:
        rows |= chosen_rows(records)
    heights = {
        (type_name, size): _TOP + group * (len(plan.SIZES) * _ROW_HEIGHT + _GROUP_GAP) + index * _ROW_HEIGHT
        for group, type_name in enumerate(plan.TYPES)
        for index, size in enumerate(plan.SIZES)
    }
    panels = [
        {"title": title, "x": _LEFT + number * _PANEL_PITCH, "bars": _bars(metric, number, rows, heights)}
        for number, (metric, title) in enumerate(PANELS.items())
    ]
    machine = next(record for record in files[0] if record["kind"] == "machine")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), undefined=jinja2.StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template("speed.svg.j2").render(
        panels=panels, heights=heights, row_height=_ROW_HEIGHT, bar_height=_BAR_HEIGHT, top=_TOP,
        bottom=max(heights.values()) + _ROW_HEIGHT, unit=_BAR_AREA / _SCALE_END, bar_area=_BAR_AREA,
        pairs=min(row.pairs for row in rows.values()), facts=machine["facts"],
    )  # fmt: skip


def _bars(metric: str, number: int, rows: dict[tuple[str, str], Row], heights: dict[tuple[str, str], int]) -> list[Bar]:
    unit, x = _BAR_AREA / _SCALE_END, _LEFT + number * _PANEL_PITCH
    bars = []
    for (type_name, size), y in heights.items():
        row = rows[metric, plan.ModelCase(size, type_name).name]
        if row.highest_ratio > _SCALE_END:
            raise ValueError(f"{row.case}: {row.highest_ratio} is beyond the scale's end, {_SCALE_END}")
        low, width, high = (unit * value for value in (row.lowest_ratio, row.median_ratio, row.highest_ratio))
        bars.append(Bar(row.case, x, y, width, x + low, x + high, f"{row.median_ratio:.2f}"))
    return bars


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(draw(), "utf-8")
    print(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
