"""Layout oci: the image read by skopeo and umoci, and its root filesystem run by a real container runtime, crun.

The container has a network namespace of its own, so that a server which listens on all addresses reaches nobody here.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.artifact.reader import open_artifact
from support.asking import ASK, FRANCE, PARIS
from support.container_images import unpack_image
from support.needs import need

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
TOOLS = ("skopeo", "umoci", "crun")
USER = 65532


@pytest.fixture(scope="module")
def image(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as an image for both processors."""
    need(*TOOLS)
    out = tmp_path_factory.mktemp("oci") / "tiny.oci.tar"
    real_mkexe("build", TINY_MODEL, "--layout", "oci", "--name", "tiny", "-o", out, environment=EPOCH)
    return out


@pytest.fixture(scope="module")
def bundle(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What umoci unpacks of it for this processor: a root filesystem, and config.json for a container runtime."""
    return unpack_image(image, tmp_path_factory.mktemp("unpacked"))


def run(*command: str, status: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def crun(*words: str) -> list[str]:
    """The command for crun, in a mount namespace with a cgroup file system as it likes it; it makes no groups."""
    mounts = "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup"
    return ["unshare", "-m", "sh", "-c", f'{mounts} && exec crun --cgroup-manager=disabled "$@"', "sh", *words]


@contextmanager
def container(bundle: Path, folder: Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A container as the image describes it, with more variables: its name, and the process that waits for its end."""
    name = f"mkexe-{uuid.uuid4().hex[:8]}"
    own = folder / "bundle"
    subprocess.run(["cp", "-a", bundle, own], check=True)
    config = json.loads((own / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"]["env"] += [f"{key}={value}" for key, value in variables.items()]
    (own / "config.json").write_text(json.dumps(config))
    words = crun("run", "-b", str(own), name)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield name, process
        finally:
            subprocess.run(crun("delete", "-f", name), capture_output=True, timeout=60)


def wait_until_healthy(name: str, process: subprocess.Popen[str]) -> None:
    """Ask again until it is good, as Docker does with the image's own health check."""
    while True:
        done = subprocess.run(crun("exec", name, "/tiny", "health"), capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            assert done.stdout == "http://127.0.0.1:8080: ready\n"
            return
        assert process.poll() is None, done.stderr


def test_it_holds_an_image_for_each_processor_with_the_same_weights(image: Path) -> None:
    index = json.loads(run("skopeo", "inspect", "--raw", f"oci-archive:{image}"))
    platforms = [manifest["platform"] for manifest in index["manifests"]]
    assert platforms == [
        {"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]  # fmt: skip
    layers = {}
    for arch in ("amd64", "arm64"):
        told = json.loads(run("skopeo", "inspect", "--override-arch", arch, f"oci-archive:{image}"))
        assert (told["Os"], told["Architecture"], len(told["Layers"])) == ("linux", arch, 2)
        assert told["Labels"]["mkexe.name"] == "tiny"
        assert told["Labels"]["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"
        layers[arch] = told["Layers"]
    assert layers["amd64"][0] == layers["arm64"][0]
    assert layers["amd64"][1] != layers["arm64"][1]


def test_every_blob_has_the_hash_that_names_it(image: Path) -> None:
    with tarfile.open(image) as archive:
        blobs = [member for member in archive.getmembers() if member.name.startswith("blobs/sha256/")]
        assert len(blobs) == 8  # weights; for each processor a program, a config and a manifest; an index
        for blob in blobs:
            data = archive.extractfile(blob)
            assert data
            assert blob.name == f"blobs/sha256/{hashlib.sha256(data.read()).hexdigest()}"


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_docker_s_older_store_finds_its_own_list(image: Path, tmp_path: Path, arch: str) -> None:
    """Read by skopeo as what `docker save` writes."""
    run("skopeo", "copy", "-q", f"docker-archive:{image}:tiny:{arch}", f"oci:{tmp_path}/image:tiny")
    config = json.loads(run("skopeo", "inspect", "--config", f"oci:{tmp_path}/image:tiny"))
    assert (config["architecture"], config["config"]["Entrypoint"]) == (arch, ["/tiny"])


def test_the_same_inputs_give_the_same_image(real_mkexe: Mkexe, image: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    real_mkexe("build", TINY_MODEL, "--layout", "oci", "--name", "tiny", "-o", again, environment=EPOCH)
    assert again.read_bytes() == image.read_bytes()


def test_another_title_leaves_the_layer_of_the_weights(real_mkexe: Mkexe, image: Path, tmp_path: Path) -> None:
    words = ("--layout", "oci", "--name", "tiny", "--title", "Another", "--target", "linux-x86_64")
    real_mkexe("build", TINY_MODEL, *words, "-o", tmp_path / "other.tar")
    before, after = (
        json.loads(run("skopeo", "inspect", "--override-arch", "amd64", f"oci-archive:{path}"))
        for path in (image, tmp_path / "other.tar")
    )
    assert before["Layers"][0] == after["Layers"][0]
    assert after["Labels"]["org.opencontainers.image.title"] == "Another"


def test_an_artifact_becomes_the_image_that_would_have_been_built(
    real_mkexe: Mkexe, image: Path, tmp_path: Path
) -> None:
    real_mkexe("build", TINY_MODEL, "--name", "tiny", "-o", tmp_path / "tiny.exe", environment=EPOCH)
    real_mkexe("convert", tmp_path / "tiny.exe", "--layout", "oci", "-o", tmp_path / "tiny.tar")
    assert (tmp_path / "tiny.tar").read_bytes() == image.read_bytes()


SCRIPT = ("--layout", "script", "--target", "linux-x86_64,linux-aarch64", "--name", "tiny")


@pytest.fixture(scope="module")
def script(real_mkexe: Mkexe, image: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same as layout script, built."""
    out = tmp_path_factory.mktemp("script") / "tiny"
    real_mkexe("build", TINY_MODEL, *SCRIPT, "-o", out, environment=EPOCH)
    return out.read_bytes()


def test_the_image_becomes_what_would_have_been_built(
    real_mkexe: Mkexe, image: Path, script: bytes, tmp_path: Path
) -> None:
    done = real_mkexe("convert", image, "--layout", "script", "-o", tmp_path / "tiny")
    assert "adds its own" not in done.stderr
    assert (tmp_path / "tiny").read_bytes() == script


def test_an_image_that_skopeo_wrote_is_read_or_it_is_said_what_to_do(
    real_mkexe: Mkexe, image: Path, script: bytes, tmp_path: Path
) -> None:
    """Its tar files have another order; what it compresses must be unpacked."""
    words = ("skopeo", "copy", "-q", "--all")
    run(*words, f"oci-archive:{image}", f"oci-archive:{tmp_path}/packed.tar:tiny")
    plain = ("--dest-oci-accept-uncompressed-layers", f"oci-archive:{tmp_path}/plain.tar:tiny")
    run(*words, f"oci-archive:{image}", *plain)
    real_mkexe("convert", tmp_path / "plain.tar", "--layout", "script", "-o", tmp_path / "tiny")
    assert (tmp_path / "tiny").read_bytes() == script
    failed = real_mkexe("convert", tmp_path / "packed.tar", "--layout", "script", "-o", tmp_path / "none", status=4)
    assert "expected application/vnd.oci.image.layer.v1.tar" in failed.stderr
    assert "umoci unpack" in failed.stderr
    assert not (tmp_path / "none").exists()


def test_a_damaged_image_is_not_converted(real_mkexe: Mkexe, image: Path, tmp_path: Path) -> None:
    whole = image.read_bytes()
    weights = whole.index(b"GGUF")
    for name, data, said in (
        ("cut", whole[: len(whole) // 2], "cannot be read"),
        ("changed", whole[: weights + 200_000] + b"damage" + whole[weights + 200_006 :], "expected SHA-256"),
    ):
        (tmp_path / name).write_bytes(data)
        failed = real_mkexe("convert", tmp_path / name, "--layout", "script", "-o", tmp_path / "out", status=4)
        assert said in failed.stderr
        assert not (tmp_path / "out").exists()


def test_the_root_holds_two_files_and_a_folder_of_the_user_s(bundle: Path, real_mkexe: Mkexe) -> None:
    root = bundle / "rootfs"
    assert sorted(path.name for path in root.iterdir()) == ["data", "tiny", "tiny.gguf"]
    assert (root / "tiny.gguf").read_bytes() == TINY_MODEL.read_bytes()
    data = (root / "data").stat()
    assert (data.st_uid, data.st_gid, data.st_mode & 0o777) == (USER, USER, 0o700)
    assert (root / "tiny").stat().st_mode & 0o777 == 0o555
    assert "good" in real_mkexe("verify", root / "tiny").stdout
    assert open_artifact(root / "tiny").manifest.layout == "oci"
    process = json.loads((bundle / "config.json").read_text())["process"]
    assert (process["user"]["uid"], process["args"]) == (USER, ["/tiny", "serve"])


def test_the_image_itself_is_no_artifact_and_says_where_they_are(real_mkexe: Mkexe, image: Path) -> None:
    assert "umoci unpack" in real_mkexe("verify", image, status=4).stderr


def test_what_was_unpacked_becomes_another_layout(
    bundle: Path, artifact: Path, real_mkexe: Mkexe, tmp_path: Path
) -> None:
    real_mkexe("convert", bundle / "rootfs/tiny", "--layout", "native", "-o", tmp_path / "native")
    assert open_artifact(tmp_path / "native").manifest.layout == "native"
    done = subprocess.run([tmp_path / "native", *ASK], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


def test_the_image_says_how_its_health_is_asked_for(image: Path) -> None:
    told = json.loads(run("skopeo", "inspect", "--raw", "--config", "--override-arch", "amd64", f"oci-archive:{image}"))
    assert told["config"]["Healthcheck"]["Test"] == ["CMD", "/tiny", "health"]
    assert told["config"]["StopSignal"] == "SIGTERM"
    assert told["config"]["ExposedPorts"] == {"8080/tcp": {}}


def test_a_container_answers_those_who_have_the_key(bundle: Path, tmp_path: Path) -> None:
    with container(bundle, tmp_path, LLAMA_API_KEY="secret") as (name, process):
        wait_until_healthy(name, process)
        assert run(*crun("exec", name, "/tiny", *ASK)) == PARIS + "\n"
        inside = int(json.loads(run(*crun("state", name)))["pid"])
        assert PARIS in ask_inside(inside, "secret")
        assert ask_inside(inside, "wrong") == "401\n"
        assert "no answer" in run(*crun("exec", name, "/tiny", "health", "--port", "9"), status=1)
        run(*crun("kill", name, "SIGTERM"))
        assert process.wait(30) == 0


def test_without_a_key_it_says_what_is_missing(bundle: Path, tmp_path: Path) -> None:
    with container(bundle, tmp_path) as (_, process):
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "LLAMA_API_KEY" in said


@pytest.mark.parametrize("writable", [True, False], ids=["writable", "read-only"])
def test_chats_are_kept_in_data_or_it_is_said(bundle: Path, tmp_path: Path, writable: bool) -> None:
    subprocess.run(["cp", "-a", bundle, tmp_path / "own"], check=True)
    config = json.loads((tmp_path / "own/config.json").read_text())
    config["root"]["readonly"] = not writable
    (tmp_path / "own/config.json").write_text(json.dumps(config))
    with container(tmp_path / "own", tmp_path, LLAMA_API_KEY="secret") as (name, process):
        wait_until_healthy(name, process)
        inside = int(json.loads(run(*crun("state", name)))["pid"])
        told = json.loads(ask_inside(inside, "secret", "/mkexe/session"))
        headers = {"X-Mkexe-Token": told["token"], "If-Match": "*"}
        chat = {"title": "One", "messages": [{"id": "a", "parent": None, "role": "user", "content": "Hi"}]}
        said = ask_inside(inside, "secret", "/mkexe/chats/chat-0001", chat, "POST", **headers)
        kept = list((tmp_path / "bundle/rootfs/data").rglob("*.json"))
        assert (len(kept) == 1) == writable, said
        assert writable == (not said.startswith("5")), said


def ask_inside(
    process: int, key: str, path: str = "/v1/chat/completions", body: object = None, method: str = "POST", **more: str
) -> str:
    """What is answered over HTTP in the network of the container of `process`; the status where it is an error."""
    if path.startswith("/v1"):
        body = {"messages": [{"role": "user", "content": FRANCE}], "temperature": 0}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | more
    program = (
        "import json, sys, urllib.error, urllib.request\n"
        "path, headers, method, body = json.loads(sys.argv[1])\n"
        "data = None if body is None else json.dumps(body).encode()\n"
        "request = urllib.request.Request('http://127.0.0.1:8080' + path, data, headers, method=method)\n"
        "try: print(urllib.request.urlopen(request, timeout=60).read().decode())\n"
        "except urllib.error.HTTPError as error: print(error.code)\n"
    )
    words = json.dumps([path, headers, "GET" if body is None else method, body])
    return run("nsenter", "-t", str(process), "-n", sys.executable, "-c", program, words)
