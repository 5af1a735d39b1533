#pragma once

// Environment variables that are for this program alone: what it starts does not get them.

// The variable in which a launcher's head hands over the artifact's absolute path.
constexpr const char * artifact_variable = "MKEXE_ARTIFACT";

// The variable in which systemd says where it is told that a service is ready (sd_notify(3)).
constexpr const char * notify_variable = "NOTIFY_SOCKET";
