"""Which tests one worker runs after each other, where several run (pytest-xdist), and what begins first.

With `--dist loadgroup` a file is a group, so that what its tests share is made once. Files that must not run side by
side are one group. The default port needs none: who asks for no port gets the next free one. Marks of pytest-xdist's
own (xdist_group) do nothing here: 3.8 writes them into an attribute that pytest 9.2 has no more.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest

# files by their group; all others are groups of their own
TOGETHER = {
    "compile": ("test_backend_ops.py", "test_cpp.py"),  # one build tree; the compiler takes every processor anyway
    "wine": ("test_wine_console.py", "test_wine.py"),  # windows that take what is typed, and Wine's clock for them
    "large": ("test_large_files.py", "test_file_systems.py", "test_advise.py"),  # gigabytes, on the disk or in memory
}
# what takes longest, so that no worker is left alone with it at the end
FIRST = ("wine", "compile", "native-test_avx512", "layouts-test_starters", "large", "native-test_cpu_levels")
_GROUP_OF = {name: group for group, names in TOGETHER.items() for name in names}


def group_of(file: str) -> str:
    """The group of the tests of a file, by its path or the identifier of one of its tests."""
    path = PurePath(file.partition("::")[0])
    return _GROUP_OF.get(path.name, "-".join((path.parent.name, path.stem)))


def put_in_order(items: list[pytest.Item]) -> None:
    """The long groups first, in place."""
    items.sort(key=lambda item: _place_of(group_of(item.nodeid)))


def _place_of(group: str) -> int:
    return FIRST.index(group) if group in FIRST else len(FIRST)


def make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What gives the workers of pytest-xdist one group after the other, in the order of the tests."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return GroupScheduling(config, log)
