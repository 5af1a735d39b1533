#pragma once

// Environment variables for this program only: programs that it starts do not get them.

// The launcher's head sets it to the absolute path of the artifact.
constexpr const char * artifact_variable = "MKEXE_ARTIFACT";

// systemd sets it to the socket that is told when a service is ready (sd_notify(3)).
constexpr const char * notify_variable = "NOTIFY_SOCKET";
