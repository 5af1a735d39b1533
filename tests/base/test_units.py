"""Sizes as people read them."""

from __future__ import annotations

import pytest

from mkexe.base.units import readable_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0.0 kB"),
        (300, "0.3 kB"),
        (12_345, "12.3 kB"),
        (1_000_000, "1.0 MB"),
        (987_654_321, "987.7 MB"),
        (4_400_000_000, "4.4 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_a_size_has_the_unit_that_keeps_it_short(size: int, text: str) -> None:
    assert readable_size(size) == text
