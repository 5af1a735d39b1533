"""The bill of materials in an artifact: CycloneDX 1.6 as JSON (ECMA-424), from the manifest and the component table.

It names everything in the file: the runtimes and the parts that are linked into them, the page's packages, the model.
The same manifest gives the same bytes, because the serial number and the time come from the manifest.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from mkexe import __version__
from mkexe.artifact.manifest import Manifest, ModelRecord, Range, RuntimeRecord, Sidecar, encode_manifest
from mkexe.runtimes import pins, targets
from mkexe.runtimes.components import LLAMA, ZIG, LinkedPart, linked_parts

_OWN_LICENSE = "Apache-2.0"
# SPDX names that occur in general.license, which is lower-case by convention (gguf-py/gguf/metadata.py)
_SPDX_OF_MODELS = (
    "AFL-3.0", "AGPL-3.0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC-BY-NC-4.0",
    "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-SA-4.0", "CC0-1.0", "GPL-3.0", "MIT", "Unlicense",
)  # fmt: skip
_SPDX_ID = re.compile(r"[A-Za-z0-9.+-]+")
_SPDX_EXPRESSION = re.compile(r"\(?[A-Za-z0-9.+-]+( (OR|AND|WITH) [A-Za-z0-9.+-]+)+\)?")
_PACKAGE_HEADING = re.compile(r"^={80}\n(\S+) (\S+) \((.+)\)\n={80}$", re.MULTILINE)


def encode_sbom(manifest: Manifest, third_party: str) -> bytes:
    """The bill of materials of the artifact that `manifest` describes, as indented UTF-8 JSON.

    `third_party` is the page's third-party.txt (`mkexe.page.bundle.license_of` writes
    it).
    """
    whole = Component(bom_ref="artifact", type=ComponentType.APPLICATION, name=manifest.name)
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, encode_manifest(manifest).decode()),
        metadata=BomMetaData(
            timestamp=datetime.fromisoformat(manifest.created),
            tools=ToolRepository(components=[_own_component("mkexe", "tool:mkexe")]),
            component=whole,
        ),
    )
    own = _own_component("mkexe", "mkexe")
    models = [_model_component(manifest.model)]
    models += [_model_component(manifest.projector)] if manifest.projector else []
    runtimes = _add_runtimes(bom, manifest.runtimes, own)
    page = _own_component("mkexe page", "page")
    packages = [_npm_component(*found) for found in _PACKAGE_HEADING.findall(third_party)]
    bom.components.update([own, page, *models, *runtimes, *packages])
    bom.register_dependency(whole, [page, *models, *runtimes])
    bom.register_dependency(page, [own, *packages])
    return (JsonV1Dot6(bom).output_as_string(indent=1) + "\n").encode()


def _add_runtimes(bom: Bom, records: tuple[RuntimeRecord, ...], own: Component) -> list[Component]:
    """Add the parts of the runtimes, and the runtime into which each is linked. Returns the runtimes."""
    table = targets.all_targets()
    systems = {table[record.target].system for record in records}
    parts = {part: _linked_component(part) for part in linked_parts() if systems & set(part.systems)}
    vendored = [component for part, component in parts.items() if part.tree == LLAMA]
    llama, zig = _llama_component(), _zig_component()
    bom.components.update([llama, zig, *parts.values()])
    bom.register_dependency(llama, vendored)
    runtimes = []
    for record in records:
        system = table[record.target].system
        libraries = [item for part, item in parts.items() if part.tree == ZIG and system in part.systems]
        runtimes.append(_runtime_component(record))
        bom.register_dependency(runtimes[-1], [own, llama, zig, *libraries])
    return runtimes


def _own_component(name: str, reference: str) -> Component:
    return Component(
        bom_ref=reference, type=ComponentType.APPLICATION, name=name, version=__version__,
        licenses=_licenses(_OWN_LICENSE),
    )  # fmt: skip


def _model_component(model: ModelRecord) -> Component:
    """A model. The files of a split model are components inside it."""
    files = [
        Component(bom_ref=_name(part), type=ComponentType.FILE, name=_name(part), hashes=[_sha256(part.sha256)])
        for part in model.parts
    ]
    return Component(
        bom_ref=f"{model.role}:{model.name}",
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=model.name,
        hashes=[_sha256(model.parts[0].sha256)] if len(files) == 1 else [],
        licenses=_model_licenses(model.license),
        properties=_properties(
            {
                "architecture": model.architecture,
                "quantization": model.quantization,
                "entry": _name(model.parts[0]) if len(files) == 1 else "",
            }
        ),
        components=files if len(files) > 1 else [],
    )


def _name(part: Range | Sidecar) -> str:
    """The name of the entry or of the file that holds a part of a model."""
    return part.beside if isinstance(part, Sidecar) else part.entry or ""


def _runtime_component(record: RuntimeRecord) -> Component:
    return Component(
        bom_ref=f"runtime:{record.target}",
        type=ComponentType.APPLICATION,
        name="mkexe runtime",
        version=record.build.get("mkexe", __version__),
        licenses=_licenses(_OWN_LICENSE),
        # a program that is not packed has other headers in the artifact, so no file has this hash
        hashes=[_sha256(record.unpacked_sha256)] if record.range.entry else [],
        properties=_properties(
            {
                "target": record.target,
                "triple": record.build.get("triple", ""),
                "key": record.build.get("key", ""),
                "entry": record.range.entry or "",
            }
        ),
    )


def _llama_component() -> Component:
    pin = pins.llama_pin()
    source = ExternalReference(
        type=ExternalReferenceType.SOURCE_DISTRIBUTION,
        url=XsUri(f"pkg:pypi/{pin.package}@{pin.version}"),
        comment=f"{pin.folder} in {pin.file}",
        hashes=[_sha256(pin.sha256)],
    )
    return Component(
        bom_ref="llama.cpp", name="llama.cpp", version=pin.commit, licenses=_licenses(pin.license),
        purl=_purl("pkg:github/ggml-org/llama.cpp", pin.commit), external_references=[source],
    )  # fmt: skip


def _zig_component() -> Component:
    version = pins.zig_version()
    return Component(
        bom_ref="zig", name="zig", version=version, licenses=_licenses("MIT"), purl=_purl("pkg:pypi/ziglang", version),
        description="compiler-rt and the parts of the C libraries that zig has in its own language",
    )  # fmt: skip


def _linked_component(part: LinkedPart) -> Component:
    return Component(
        bom_ref=part.name, name=part.name, version=part.version, licenses=_licenses(part.license),
        purl=_purl(part.purl, part.version),
    )  # fmt: skip


def _npm_component(name: str, version: str, license_text: str) -> Component:
    return Component(
        bom_ref=f"npm:{name}", name=name, version=version, licenses=_licenses(license_text),
        purl=_purl(f"pkg:npm/{name.replace('@', '%40')}", version),
    )  # fmt: skip


def _purl(text: str, version: str) -> PackageURL:
    bare = PackageURL.from_string(text)
    return PackageURL(bare.type, bare.namespace, bare.name, version)


def _sha256(digits: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digits)


def _properties(values: dict[str, str]) -> Iterable[Property]:
    return [Property(name=f"mkexe:{name}", value=value) for name, value in values.items() if value]


def _model_licenses(stated: str) -> list[License]:
    """The licence in general.license: an SPDX name if it is a common licence, otherwise free text."""
    spdx = {name.lower(): name for name in _SPDX_OF_MODELS}.get(stated.lower())
    if spdx is not None:
        return _licenses(spdx)
    return [DisjunctiveLicense(name=stated)] if stated else []


def _licenses(stated: str) -> list[License]:
    """A licence as an SPDX name or expression if it looks like one, otherwise as free text."""
    if _SPDX_EXPRESSION.fullmatch(stated):
        return [LicenseExpression(stated)]
    if _SPDX_ID.fullmatch(stated):
        return [DisjunctiveLicense(id=stated)]
    return [DisjunctiveLicense(name=stated)]
