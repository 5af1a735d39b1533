"""The name under which native/move_pin.py still looks for mkexe.runtimes.source."""

from mkexe.runtimes.source import download as download
from mkexe.runtimes.source import fetch_source as fetch_source
from mkexe.runtimes.source import unpack_source as unpack_source
