"""PowerShell's syntax, without PowerShell: by tree-sitter's grammar."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def syntax_errors(script: str) -> list[str]:
    """Where a script is none, with the text there."""
    return list(_errors_below(_PARSER.parse(script.encode()).root_node))


def _errors_below(node: tree_sitter.Node) -> Iterator[str]:
    if node.is_error or node.is_missing:
        row, column = node.start_point
        yield f"line {row + 1}, column {column + 1}: {node.type} {(node.text or b'').decode()}"
    elif node.has_error:
        for child in node.children:
            yield from _errors_below(child)
