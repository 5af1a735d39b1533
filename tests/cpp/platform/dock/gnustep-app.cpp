// Runs runtime/platform/dock-macos.cpp with GNUstep instead of macOS. Reads commands from stdin and does what the
// system would do. Writes to stdout what the app was asked to do. This file defines dlopen and dlsym (--wrap), so that
// Apple's names lead to GNUstep.

#include "platform/dock.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

extern "C" void * __real_dlopen(const char * path, int flags);

extern "C" void * __wrap_dlopen(const char * path, int flags) {
    if (std::strcmp(path, "/System/Library/Frameworks/AppKit.framework/AppKit") == 0) {
        path = GNUSTEP_GUI;
    } else if (std::strcmp(path, "/usr/lib/libobjc.A.dylib") == 0) {
        path = "libobjc.so.4";
    }
    return __real_dlopen(path, flags | RTLD_GLOBAL);
}

// The GNU runtime has this function only in its header: an object begins with the pointer to its class.
static void * object_class(void * object) {
    return *static_cast<void **>(object);
}

extern "C" void * __real_dlsym(void * library, const char * name);

extern "C" void * __wrap_dlsym(void * library, const char * name) {
    return std::strcmp(name, "object_getClass") == 0 ? reinterpret_cast<void *>(object_class) :
                                                       __real_dlsym(library, name);
}

static void say(const char * what) {
    std::printf("%s\n", what);
    std::fflush(stdout);
}

template <typename F> static F function(const char * name) {
    return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
}

using object = void *;

template <typename R = object, typename... A> static R send(object receiver, const char * message, A... arguments) {
    const auto selector = function<object (*)(const char *)>("sel_registerName")(message);
    const auto find     = function<object (*)(object, object)>("class_getMethodImplementation");
    const auto method   = find(object_class(receiver), selector);
    return reinterpret_cast<R (*)(object, object, A...)>(method)(receiver, selector, arguments...);
}

static object the_class(const char * name) {
    return function<object (*)(const char *)>("objc_getClass")(name);
}

static object application() {
    return send(the_class("NSApplication"), "sharedApplication");
}

static void on_main_thread(object receiver, object selector, object argument) {
    send<void>(receiver, "performSelectorOnMainThread:withObject:waitUntilDone:", selector, argument, (signed char) 1);
}

static object menu_item(const std::string & index) {
    const auto menu = send(send(send(application(), "mainMenu"), "itemAtIndex:", 0L), "submenu");
    return send(menu, "itemAtIndex:", std::stol(index));
}

// GNUstep must know the threads that it did not start.
static void join_gnustep() {
    while (!function<object *>("NSApp") || !*function<object *>("NSApp")) {
        std::this_thread::yield();
    }
    function<void (*)()>("GSRegisterCurrentThread")();
    send(send(the_class("NSAutoreleasePool"), "alloc"), "init");
    while (!send<signed char>(application(), "isRunning")) {
        std::this_thread::yield();
    }
}

static void obey(const std::string & order, const std::string & index) {
    if (order == "click") {
        const auto delegate = send(application(), "delegate");
        const auto rest = send<signed char>(delegate, "applicationShouldHandleReopen:hasVisibleWindows:", application(),
                                            (signed char) 0);
        say(rest ? "left to the system" : "dealt with");
    } else if (order == "title") {
        say(send<const char *>(send(menu_item(index), "title"), "UTF8String"));
    } else if (order == "choose") {
        const auto item   = menu_item(index);
        const auto target = send(item, "target");
        on_main_thread(target ? target : application(), send(item, "action"), item);
    }
}

static void follow_orders() {
    join_gnustep();
    say("running");
    std::string order, index;
    while (std::cin >> order >> index) {
        obey(order, index);
        say("done");
    }
}

int main() {
    std::thread(follow_orders).detach();
    stay_in_dock("Gärtner", { [] { say("open"); },
                              [] {
                                  say("quit");
                              } });
    say("no dock");
    return 1;
}
