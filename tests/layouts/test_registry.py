"""The layouts that there are, and what each says of itself."""

from __future__ import annotations

import json
import re

import pytest

from conftest import ROOT
from mkexe.errors import UsageError
from mkexe.layouts import names
from mkexe.layouts.layout import PROGRAM_SIZE_MAXIMUM, Layout
from mkexe.layouts.layout_choice import choose_layout
from mkexe.layouts.registry import LAYOUTS, packs_programs, usual_targets
from mkexe.layouts.sidecar import sidecar_names
from mkexe.models.model_set import PROJECTOR_ROLE, TEXT_ROLE, Model, ModelFile, ModelSet
from mkexe.runtimes.targets import LINUX, MACOS, WINDOWS, all_targets

EVERY = tuple(all_targets().values())
UNIX = tuple(target for target in EVERY if target.system != WINDOWS)


def test_every_layout_has_a_name_that_a_command_takes_and_the_manifest_may_hold() -> None:
    assert (*LAYOUTS, names.AUTO) == names.CHOICES
    schema = json.loads((ROOT / "docs/manifest.schema.json").read_text())
    assert schema["properties"]["layout"]["enum"] == list(LAYOUTS)


def test_every_layout_is_described() -> None:
    text = (ROOT / "docs/layouts.md").read_text("utf-8")
    assert [name for name in LAYOUTS if not re.search(rf"`{name}`", text)] == []


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_a_layout_says_how_its_file_starts_on_every_system_it_is_for(layout: Layout) -> None:
    for system in layout.systems:
        name = layout.file_name("garden", tuple(target for target in EVERY if target.system == system))
        assert name in layout.start(system, name, "Garden.app"), system
        assert layout.size_limit(system, 1)
        assert all(isinstance(note, str) for note in layout.notes(system, name))
    assert usual_targets(layout.name, EVERY) == tuple(target for target in EVERY if target.system in layout.systems)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_a_script_unpacks_what_is_packed(layout: Layout) -> None:
    assert layout.shape(EVERY[:1]).layout == layout.name
    assert layout.has_script or not packs_programs(layout.name)


def test_the_one_that_suits_the_model_depends_on_windows_and_size() -> None:
    chosen = {
        "small": choose_layout(names.AUTO, EVERY, 10**9, 10**6),
        "large": choose_layout(names.AUTO, EVERY, PROGRAM_SIZE_MAXIMUM, 1),
        "without Windows": choose_layout(names.AUTO, UNIX, 10**12, 1),
    }
    assert {size: choice.layout.name for size, choice in chosen.items()} == {
        "small": names.EXE, "large": names.SCRIPT, "without Windows": names.SCRIPT,
    }  # fmt: skip
    assert [size for size, choice in chosen.items() if choice.reason] == ["large"]


@pytest.mark.parametrize("name", [names.EXE, names.NATIVE])
def test_weights_count_only_where_they_lie_inside(name: str) -> None:
    windows = tuple(target for target in EVERY if target.system == WINDOWS)
    with pytest.raises(UsageError, match=r"would have 3\.98 GiB"):
        choose_layout(name, windows, PROGRAM_SIZE_MAXIMUM, 1)
    assert choose_layout(names.PAIR, windows, PROGRAM_SIZE_MAXIMUM, 1).layout.name == names.PAIR


@pytest.mark.parametrize(("name", "system"), [(names.APP, MACOS), (names.OCI, LINUX)])
def test_a_layout_for_one_system_refuses_others(name: str, system: str) -> None:
    with pytest.raises(UsageError, match=f"layout {name} is only for "):
        LAYOUTS[name].check(EVERY, 1)
    LAYOUTS[name].check(tuple(target for target in EVERY if target.system == system), 1)


def test_every_file_of_every_model_has_a_name_of_its_own() -> None:
    assert sidecar_names("garden", models_of(1, 1)) == ["garden.gguf", "garden.mmproj.gguf"]
    assert sidecar_names("garden", models_of(2, 0)) == ["garden-00001-of-00002.gguf", "garden-00002-of-00002.gguf"]


def models_of(parts: int, projectors: int) -> ModelSet:
    file = ModelFile(ROOT, "models/x", 1)
    text = Model(TEXT_ROLE, "x", "llama", "", (file,) * parts, "F16")
    return ModelSet((text, *[Model(PROJECTOR_ROLE, "x", "clip", "", (file,))] * projectors))
