"""What `mkexe boot` says of a file whose program was built before programs knew --status-fd."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Mkexe, install_fake_page, install_fake_runtime, scrubbed_environment
from mkexe.runtimes.targets import host_target

# llama.cpp's words for an option that it does not know (common/arg.cpp)
OLDER = b"""#!/bin/sh
echo "error: invalid argument: --status-fd" >&2
exit 2
"""


def test_it_names_the_reason_and_what_to_do(model: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    mkexe = Mkexe(home / "cache", scrubbed_environment(home))
    install_fake_runtime(mkexe.cache, host_target(), OLDER)
    install_fake_page(mkexe.cache)
    built = tmp_path / "older"
    mkexe("build", model, "--target", "host", "--layout", "script", "-o", built)
    rows = json.loads(mkexe("boot", built, "--json", status=6).stdout)
    details = {row["detail"].splitlines()[0] for row in rows if row["verdict"] == "failed"}
    sentence = "its program is older than this mkexe: it does not know --status-fd; build the file again"
    assert details == {sentence}
