"""Write the recipes from templates/recipes and native/targets.toml: `python dist-recipes/render.py [FOLDER]`."""

import sys
from pathlib import Path

import jinja2

from mkexe.base import resources
from mkexe.runtimes import targets

TEMPLATES = resources.source_root() / "templates" / "recipes"


def render_recipe(name: str) -> str:
    """The recipe `name`, from templates/recipes. Its delimiters differ from GitHub's own `${{ }}`."""
    environment = jinja2.Environment(  # noqa: S701  (YAML, not HTML)
        loader=jinja2.FileSystemLoader(TEMPLATES),
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


def main() -> None:
    """Write every recipe into the folder; without one, into the folder of this file."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for template in TEMPLATES.glob("*.j2"):
        (folder / template.stem).write_text(render_recipe(template.stem), "utf-8")


if __name__ == "__main__":
    main()
