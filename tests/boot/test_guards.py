"""Who may ask, who is believed, and what reaches a terminal: the guards of a started artifact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Running, run_to_end

LISTED = "https://app.example,http://localhost:3000"


@pytest.fixture(scope="module")
def listing(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that lets two origins in."""
    start = ("--port", "0", "--no-browser", "--cors-origins", LISTED)
    with Running([str(artifact)], tmp_path_factory.mktemp("home"), start) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT"])
def test_an_origin_that_was_named_may_ask_and_no_other(listing: Running, method: str) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:3001", "https://app.example.evil.example"):
        status, headers, body = listing.post("/tokenize", {"content": "a"}, {"Origin": origin}, method)
        assert (status, "Access-Control-Allow-Origin" in headers) == (403, False), origin
        if method != "HEAD":
            wanted = origin if origin == "null" else origin.lower()
            assert f"--cors-origins {LISTED},{wanted}." in json.loads(body)["error"]["message"]
    status, headers, _ = listing.post("/tokenize", {"content": "a"}, {"Origin": "https://app.example"}, method)
    assert status != 403
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == ("https://app.example", "Origin")


def test_localhost_lets_this_computer_s_pages_in(artifact: Path, tmp_path: Path) -> None:
    start = ("--port", "0", "--no-browser")
    with Running([str(artifact)], tmp_path, start, LLAMA_ARG_CORS_ORIGINS="localhost") as running:
        for origin, status in (("http://localhost:3000", 200), ("http://[::1]:9", 200), ("https://evil.example", 403)):
            answer = running.post("/tokenize", {"content": "a"}, {"Origin": origin})
            assert (answer[0], answer[1].get("Access-Control-Allow-Origin")) == (
                status, origin if status == 200 else None,
            )  # fmt: skip


def test_a_list_that_names_no_origin_is_refused(artifact: Path, tmp_path: Path) -> None:
    done = run_to_end([str(artifact), "--no-browser", "--cors-origins", "app.example"], HOME=str(tmp_path))
    assert done.returncode == 2
    assert 'https://example.com, with commas between; found "app.example".' in done.stderr
