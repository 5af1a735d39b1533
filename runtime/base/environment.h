#pragma once

// The environment variables that are this program's own.

// The variable in which a launcher's head hands over the artifact's absolute path.
constexpr const char * artifact_variable = "MKEXE_ARTIFACT";
