"""The programs inside an artifact: their targets and pinned sources, compiling them, auditing them."""
