"""`mkexe inspect`."""

from __future__ import annotations

from mkexe.base.units import readable_size
from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile, Json

EXAMPLES = ("mkexe inspect assistant.exe",)


def run(file: BuiltFile, json: Json = False) -> None:
    """Show what a built file holds."""
    import json as json_format

    from mkexe.artifact.reader import open_artifact

    artifact = open_artifact(file)
    if json:
        console.result_json(json_format.loads(artifact.manifest_text))
        return
    manifest = artifact.manifest
    console.result(
        f"{manifest.page['title']} ({manifest.name}), layout {manifest.layout}, {readable_size(artifact.size)}"
    )
    console.result(f"made {manifest.created} by {manifest.generator}")
    for model in manifest.models:
        console.result(
            f"{model.role}: {model.name}, architecture {model.architecture}, licence {model.license or 'not stated'}"
        )
    console.result(f"default options: {' '.join(manifest.default_args) or 'none'}")
    names = {id(record.range): f"(the file itself) {record.target}" for record in manifest.runtimes}
    rows = [
        (item.entry or names[id(item)], f"{item.offset:#x}", str(item.size), item.sha256) for item in manifest.ranges()
    ]
    rows += [(f"(file) {item.beside}", "", str(item.size), item.sha256) for item in manifest.sidecars()]
    console.table(("entry", "offset", "bytes", "sha256"), rows)
