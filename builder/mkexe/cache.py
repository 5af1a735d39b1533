"""The name under which native/move_pin.py still looks for mkexe.base.cache."""

from mkexe.base.cache import hash_file as hash_file
from mkexe.base.cache import root as root
