"""Write the recipes anew, from templates/recipes and native/targets.toml: `python dist-recipes/render.py`."""

from pathlib import Path

from mkexe.base import resources
from mkexe.commands import recipes

for template in (resources.source_root() / "templates" / "recipes").glob("*.j2"):
    Path(__file__).with_name(template.stem).write_text(recipes.render_recipe(template.stem), "utf-8")
