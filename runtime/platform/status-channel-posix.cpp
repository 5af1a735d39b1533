#include "base/environment.h"
#include "platform/status-channel.h"
#include "platform/system.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

status_channel::~status_channel() {
    if (number_ > STDERR_FILENO) {
        close(int(number_));
    }
}

bool status_channel::open(const std::string & number) {
    if (number.empty() || number.size() > 9 || number.find_first_not_of("0123456789") != std::string::npos) {
        return false;
    }
    const int file  = std::atoi(number.c_str());
    const int flags = fcntl(file, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        return false;
    }
    if (file > STDERR_FILENO) {
        fcntl(file, F_SETFD, FD_CLOEXEC);
    }
    number_ = file;
    return true;
}

void status_channel::write(std::string_view lines) const {
    for (size_t done = 0; number_ >= 0 && done < lines.size();) {
        const auto count = ::write(int(number_), lines.data() + done, lines.size() - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return;
        }
        done += size_t(count);
    }
}

supervisor::supervisor() : socket_path_(environment(notify_variable)) {}

void supervisor::notify(std::string_view lines) const {
    const auto & path    = socket_path_;
    sockaddr_un  address = {};
    if (path.size() < 2 || path.size() >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    if (path[0] == '@') {
        address.sun_path[0] = '\0';  // Linux' abstract names
    }
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    if (socket < 0) {
        return;
    }
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    const auto size = socklen_t(offsetof(sockaddr_un, sun_path) + path.size());
    (void) !sendto(socket, lines.data(), lines.size(), 0, reinterpret_cast<const sockaddr *>(&address), size);
    close(socket);
}
