"""What the tests' own file systems leave behind in the process that serves them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support import mounts
from support.needs import need

# in a program of its own, because a wrong SIGPIPE would end the tests themselves
PROGRAM = """
import os, sys
from pathlib import Path
from support.usb_stick import stick

folder = Path(sys.argv[1])
with stick(folder / "blocks", folder / "stick", 1 << 20) as mounted:
    (mounted / "file").write_bytes(b"kept")
assert (folder / "blocks" / "file").read_bytes() == b"kept"
reader, writer = os.pipe()
os.close(reader)
try:
    os.write(writer, b"nobody reads this")
except BrokenPipeError:
    print("goes on")
"""


def test_a_write_that_nobody_reads_is_an_error_after_a_mount_and_not_the_end(tmp_path: Path) -> None:
    need("fusermount3")
    words = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(
        words, cwd=Path(mounts.__file__).parents[1], capture_output=True, text=True, check=False, timeout=60
    )
    # some versions of libfuse say something of their own limits
    assert (done.returncode, done.stdout) == (0, "goes on\n"), done.stderr
