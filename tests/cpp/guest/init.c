// The first and only process of a virtual machine. Runs the commands in /commands (one on each line, with tabs between
// the words). Writes their output and exit status to the serial line. Then switches the machine off.

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { words_maximum = 64, line_maximum = 4096 };

static void raise_loopback(void) {
    const int    socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    ioctl(socket_, SIOCSIFFLAGS, &request);
    close(socket_);
}

static void open_serial_line(void) {
    const int line = open("/dev/ttyS0", O_RDWR);
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        dup2(line, descriptor);
    }
}

static void run(char * line) {
    char * words[words_maximum + 1] = { NULL };
    int    count                    = 0;
    for (char * word = strtok(line, "\t\n"); word && count < words_maximum; word = strtok(NULL, "\t\n")) {
        words[count++] = word;
    }
    if (count == 0) {
        return;
    }
    const pid_t child = fork();
    if (child == 0) {
        execv(words[0], words);
        perror(words[0]);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("\n[status %d]\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    fflush(stdout);
}

int main(void) {
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    open_serial_line();
    raise_loopback();
    setenv("HOME", "/tmp", 1);
    printf("\n[begin]\n");
    fflush(stdout);
    FILE *      commands = fopen("/commands", "r");
    static char line[line_maximum];
    while (commands && fgets(line, sizeof line, commands)) {
        run(line);
    }
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
