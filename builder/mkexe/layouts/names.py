"""The names of the layouts (docs/FORMAT.md, "Layouts"), in their own module because the layouts are slow to import."""

EXE, SCRIPT, NATIVE, PAIR, APP, OCI = "exe", "script", "native", "pair", "app", "oci"
AUTO = "auto"  # the one that suits the model
CHOICES = (EXE, SCRIPT, NATIVE, PAIR, APP, OCI, AUTO)
