#include "platform/signal-stack.h"

#include "platform/crash-words.h"
#include "platform/crash.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <new>

static constexpr size_t handler_bytes = 64 << 10;  // a frame with AMX registers needs 11 KiB
static constexpr size_t usual_bytes   = 8 << 20;
static constexpr size_t beside_stack =
    1 << 20;  // what the C library stores for a thread, and the stack of the handlers
static constexpr uintptr_t near_end = 256 << 10;  // a large frame may skip the last page

namespace {

struct stack_facts {
    uintptr_t end     = 0;  // the lowest address; 0: unknown
    size_t    bytes   = 0;
    bool      is_main = false;
};

// The second stack of the calling thread, as long as this object lives.
class signal_stack {
  public:
    signal_stack() {
        memory_ = mmap(nullptr, handler_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
        set(memory_ == MAP_FAILED ? SS_DISABLE : 0);
    }

    ~signal_stack() {
        if (memory_ != MAP_FAILED) {
            set(SS_DISABLE);
            munmap(memory_, handler_bytes);
        }
    }

  private:
    void set(int flags) const {
        stack_t stack  = {};
        stack.ss_sp    = flags == SS_DISABLE ? nullptr : memory_;
        stack.ss_size  = handler_bytes;
        stack.ss_flags = flags;
        sigaltstack(&stack, nullptr);
    }

    void * memory_;
};

struct thread_start {
    void * (*run)(void *) = nullptr;
    void * argument       = nullptr;
    size_t bytes          = 0;
};

}  // namespace

static thread_local stack_facts stack;
static thread_local bool        has_problem = false;
static std::mutex               problem_mutex;
static fixed_text               problem;  // the last one

static void note_stack(size_t bytes, bool is_main) {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    stack           = { bytes > 0 && bytes < here ? here - bytes : 0, bytes, is_main };
}

bool is_end_of_stack(uintptr_t address) {
    return stack.end > 0 && address + near_end > stack.end && address < stack.end + near_end;
}

size_t stack_bytes() {
    return stack.bytes;
}

const char * stack_hint() {
    return stack.is_main && stack.bytes < usual_bytes ? " Give it 8192 (ulimit -s 8192)." :
                                                        " The request nests too deeply.";
}

void watch_main_stack() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < usual_bytes && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, usual_bytes);  // Linux checks it when the stack grows
        setrlimit(RLIMIT_STACK, &limit);
        getrlimit(RLIMIT_STACK, &limit);
    }
    note_stack(limit.rlim_cur == RLIM_INFINITY ? 0 : size_t(limit.rlim_cur), true);
    new signal_stack();  // never freed: the process ends after main
}

static void * run_thread(void * given) {
    const std::unique_ptr<thread_start> start(static_cast<thread_start *>(given));
    const signal_stack                  on_signals;
    note_stack(start->bytes, false);
    return start->run(start->argument);
}

const char * thread_problem() {
    return has_problem ? problem.begin() : "";
}

const char * any_thread_problem() {
    return problem.begin();
}

// Whether the stack of a thread fits into the memory. If it does, the system's limit for the number of threads is the
// cause.
static bool has_room(size_t stack_bytes) {
    const size_t bytes = stack_bytes + beside_stack;
    void *       room  = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

static void note_problem(size_t bytes) {
    const std::lock_guard<std::mutex> lock(problem_mutex);
    rlimit                            limit = {};
    has_problem                             = true;
    if (problem.size() > 0) {
        return;  // the first one is the cause
    }
    problem.add("it cannot start another thread: ");
    if (!has_room(bytes)) {
        problem.add("there is no room for its stack of ").add_number(bytes / 1024).add(" KiB.").add(limit_hint());
    } else if (geteuid() != 0 && getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        problem.add("this user's processes and threads are limited to ").add_number(limit.rlim_cur);
        problem.add(" (ulimit -u).");
    } else {
        problem.add("the system allows no more of them; in a container, its limit of processes (pids.max).");
    }
}

static size_t bytes_of(const pthread_attr_t & attributes) {
    size_t bytes = 0;
    return pthread_attr_getstacksize(&attributes, &bytes) == 0 ? bytes : 0;
}

// The linker finds this function first (on macOS only for this program), and the C++ library and ggml call it for every
// thread. By default macOS gives a thread 512 KiB. Linux and Windows give the 8 MiB of runtime/CMakeLists.txt.
extern "C" int pthread_create(pthread_t *            thread,
                              const pthread_attr_t * given,
                              void * (*run)(void *),
                              void * argument) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (!given) {
        pthread_attr_setstacksize(&attributes, usual_bytes);
    }
    auto *    start  = new (std::nothrow) thread_start{ run, argument, bytes_of(given ? *given : attributes) };
    const int status = start ? create_system_thread(thread, given ? given : &attributes, run_thread, start) : EAGAIN;
    pthread_attr_destroy(&attributes);
    if (status != 0) {
        const size_t bytes = start ? start->bytes : usual_bytes;
        delete start;
        note_problem(bytes);
    }
    return status;
}
