"""The programs inside an artifact: targets, pinned sources, compiling, auditing."""
