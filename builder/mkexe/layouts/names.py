"""What layouts are called (docs/FORMAT.md, "Layouts"); apart from what they do, which takes time to import."""

EXE, SCRIPT, NATIVE, PAIR, APP, OCI = "exe", "script", "native", "pair", "app", "oci"
AUTO = "auto"  # the one that suits the model
CHOICES = (EXE, SCRIPT, NATIVE, PAIR, APP, OCI, AUTO)
