// Sends a console event to the processes of a program in the same way as Windows: a thread in each process runs
// CtrlRoutine of kernelbase. Wine has the same function, but calls it only for Ctrl-C.
//
// usage: send PROGRAM.EXE EVENT, with the number of the event from the documentation of HandlerRoutine
// Exit status: 0 if a process accepted the event, 1 if no such process runs, 2 if Windows refuses.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// the order matters
// clang-format off
#include <windows.h>
#include <tlhelp32.h>
// clang-format on

static BOOL send_event(DWORD process_id, void * event) {
    const HMODULE                library = GetModuleHandleA("kernelbase.dll");
    const HANDLE                 process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, process_id);
    // a system library is at the same address in all processes
    const LPTHREAD_START_ROUTINE routine = (LPTHREAD_START_ROUTINE) (void *) GetProcAddress(library, "CtrlRoutine");
    return routine && process && CreateRemoteThread(process, NULL, 0, routine, event, 0, NULL);
}

int main(int argc, char ** argv) {
    if (argc != 3) {
        return 2;
    }
    const HANDLE   processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32 entry     = { .dwSize = sizeof entry };
    int            status    = 1;
    for (BOOL more = Process32First(processes, &entry); more; more = Process32Next(processes, &entry)) {
        if (strcmp(entry.szExeFile, argv[1]) == 0) {
            if (!send_event(entry.th32ProcessID, (void *) atoll(argv[2]))) {
                fprintf(stderr, "process %lu: error %lu\n", entry.th32ProcessID, GetLastError());
                return 2;
            }
            status = 0;
        }
    }
    return status;
}
