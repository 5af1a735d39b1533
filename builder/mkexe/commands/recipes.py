"""The recipes for release pipelines (templates/recipes)."""

from __future__ import annotations

import jinja2

from mkexe.base import resources
from mkexe.runtimes import targets


def render_recipe(name: str) -> str:
    """The recipe `name`, from templates/recipes; its delimiters leave GitHub's own `${{ }}` alone."""
    environment = jinja2.Environment(  # noqa: S701  (YAML, not HTML)
        loader=jinja2.FileSystemLoader(resources.source_root() / "templates" / "recipes"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="%>",
    )
    return environment.get_template(f"{name}.j2").render(targets=list(targets.all_targets().values()))
