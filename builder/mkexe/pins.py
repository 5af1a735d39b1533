"""The name under which native/move_pin.py still looks for mkexe.runtimes.pins."""

from mkexe.runtimes.pins import SourcePin as SourcePin
from mkexe.runtimes.pins import llama_pin as llama_pin
