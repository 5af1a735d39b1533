"""Layout app with the real programs: audited, signed, and started as far as that goes without a Mac.

What a Mac starts is never started here. The steps between a double click and the page are the same on every Unix, so
the bundle of these tests has Linux' program in the place of macOS' one; the Dock itself: tests/native/test_dock.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import plistlib
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apple_platform
import pytest

from conftest import Mkexe
from mkexe.runtimes import audit
from support.asking import ASK, FRANCE, PARIS
from support.running import browser_in, environment_of

TARGETS = ("macos-x86_64", "macos-aarch64")


@pytest.fixture(scope="module")
def bundle(real_mkexe: Mkexe, artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as an app, unpacked as macOS does it: with the run bit."""
    folder = tmp_path_factory.mktemp("app")
    real_mkexe("convert", artifact, "--layout", "app", "-o", folder / "tiny.app.zip")
    subprocess.run(["unzip", "-q", "tiny.app.zip"], cwd=folder, check=True)
    assert os.access(folder / "tiny.app/Contents/MacOS/tiny", os.X_OK)
    return folder / "tiny.app"


@pytest.fixture
def linux_bundle(bundle: Path, runtimes: dict[str, Path], tmp_path: Path) -> Path:
    """The same with a program that this system starts."""
    own = tmp_path / "Some where/tiny.app"
    shutil.copytree(bundle, own)
    shutil.copy(runtimes["linux-x86_64"], own / "Contents/MacOS/tiny")
    return own


def test_each_processor_s_program_in_it_keeps_the_rules(bundle: Path, tmp_path: Path) -> None:
    """Audited, not booted."""
    program = (bundle / "Contents/MacOS/tiny").read_bytes()
    count = int.from_bytes(program[4:8], "big")
    assert count == len(TARGETS)
    for index, target in enumerate(TARGETS):
        _, _, offset, size, _ = (int.from_bytes(program[8 + 20 * index + 4 * i :][:4], "big") for i in range(5))
        report = audit.audit_runtime(target, program[offset : offset + size])
        assert report.findings == ()
        assert report.facts["libraries"] == ["/usr/lib/libSystem.B.dylib"]


def test_it_can_be_signed_as_a_notary_wants_it(bundle: Path, tmp_path: Path) -> None:
    """By apple-platform-rs, with the hardened runtime and a certificate of our own making, which no Mac trusts."""
    signed = tmp_path / "tiny.app"
    shutil.copytree(bundle, signed)
    made = apple_platform.certificates.generate_self_signed("Nobody", profile="developer-id-application")
    made.write_pem_bundle(tmp_path / "certificate.pem")
    signer = apple_platform.Signer(pem=apple_platform.PemKey(files=[str(tmp_path / "certificate.pem")]))
    apple_platform.sign(signed, signer=signer, timestamp_url="none", code_signature_flags=["runtime"])
    sealed = plistlib.loads((signed / "Contents/_CodeSignature/CodeResources").read_bytes())["files2"]
    assert {name: record["hash2"] for name, record in sealed.items()} == {
        f"Resources/{name}": hashlib.sha256((bundle / "Contents/Resources" / name).read_bytes()).digest()
        for name in ("tiny.gguf", "tiny.icns", "tiny.mkexe")
    }
    found = [entry["entity"] for entry in apple_platform.read_signature(signed) if "MacOS" in entry["path"]]
    signatures = [entity["mach_o"]["signature"] for entity in found]
    assert len(signatures) == len(TARGETS)
    for signature in signatures:
        assert signature["code_directory"]["identifier"] == "mkexe.tiny"
        assert signature["code_directory"]["flags"] == "CodeSignatureFlags(RUNTIME)"
        assert signature["cms"]["signers"][0]["signature_verifies"]
    assert apple_platform.verify_macho(signed / "Contents/MacOS/tiny") == []


@contextmanager
def opened(bundle: Path, home: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The app as the system opens it: no terminal, no arguments; ended as at logging off."""
    program = bundle / "Contents/MacOS/tiny"
    with subprocess.Popen(
        [program], env=environment_of(home) | variables, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    ) as app:  # fmt: skip
        try:
            yield app
        finally:
            app.send_signal(signal.SIGTERM)


def ask(address: str) -> str:
    body = {"messages": [{"role": "user", "content": FRANCE}], "temperature": 0}
    request = urllib.request.Request(
        f"{address}v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return str(json.loads(response.read())["choices"][0]["message"]["content"])
        except urllib.error.HTTPError as error:
            if error.code != 503:  # the model is being loaded
                raise


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}health", timeout=30).close()
    except OSError:
        return False
    return True


def test_a_double_click_opens_the_page_and_quitting_ends_the_server(linux_bundle: Path, tmp_path: Path) -> None:
    variables, pipe = browser_in(tmp_path)
    with opened(linux_bundle, tmp_path, **variables) as app:
        address = pipe.read_text().strip()
        assert ask(address) == PARIS
        app.send_signal(signal.SIGTERM)
        assert app.wait(30) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=10)


def test_the_page_s_button_ends_the_app(linux_bundle: Path, tmp_path: Path) -> None:
    variables, pipe = browser_in(tmp_path)
    with opened(linux_bundle, tmp_path, **variables) as app:
        address = pipe.read_text().strip()
        ask(address)
        with urllib.request.urlopen(f"{address}mkexe/session", timeout=30) as response:
            token = json.loads(response.read())["token"]
        headers = {"X-Mkexe-Token": token, "Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{address}mkexe/quit", b"{}", headers), timeout=30).close()
        assert app.wait(30) == 0


def test_the_server_ends_with_an_app_that_is_killed(linux_bundle: Path, tmp_path: Path) -> None:
    """As Force Quit does it: the app itself can do nothing any more."""
    variables, pipe = browser_in(tmp_path)
    with opened(linux_bundle, tmp_path, **variables) as app:
        address = pipe.read_text().strip()
        assert ask(address) == PARIS
        app.kill()
        app.wait(30)
    deadline = time.monotonic() + 60
    while answers(address):
        assert time.monotonic() < deadline


def test_what_goes_wrong_is_shown_and_not_only_written(linux_bundle: Path, tmp_path: Path) -> None:
    """On macOS in a window; here on stderr (desktop.h)."""
    (linux_bundle / "Contents/Resources/tiny.gguf").write_bytes(b"GGUF")
    with opened(linux_bundle, tmp_path) as app:
        assert app.stderr
        said = app.stderr.read()
        assert app.wait(30) != 0
    assert "tiny.gguf" in said
    assert "expected 29" in said or "found 4" in said


def test_commands_work_in_it_too(linux_bundle: Path, tmp_path: Path) -> None:
    words = [str(linux_bundle / "Contents/MacOS/tiny"), *ASK]
    done = subprocess.run(words, env=environment_of(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


def test_a_zip_program_that_keeps_modes_is_not_needed(bundle: Path) -> None:
    """The run bit is in the ZIP itself."""
    with zipfile.ZipFile(bundle.parent / "tiny.app.zip") as archive:
        assert archive.getinfo("tiny.app/Contents/MacOS/tiny").external_attr >> 16 & 0o111 == 0o111
