"""Container images, read and unpacked by the programs that people use for them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.needs import need


def unpack_image(image: Path, folder: Path) -> Path:
    """What umoci unpacks for x86-64 of an image tagged tiny: `rootfs`, and config.json for a container runtime."""
    need("skopeo", "umoci")
    layout = f"{folder}/image:tiny"
    for command in (
        ["skopeo", "copy", "-q", "--override-arch", "amd64", f"oci-archive:{image}", f"oci:{layout}"],
        ["umoci", "unpack", "--image", layout, str(folder / "bundle")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "bundle"
