// AppKit without its headers, which only Xcode has: functions of the Objective-C runtime find its classes by name
// (Apple's "Objective-C Runtime" reference). Both libraries are opened when an app starts, so the program itself is
// linked only to libSystem. Names and types of messages: Apple's AppKit reference. GNUstep has the same functions and
// classes, and tests/cpp/platform/dock runs this file with it.

#include "platform/dock.h"

#include <dlfcn.h>

static constexpr const char * appkit_path = "/System/Library/Frameworks/AppKit.framework/AppKit";
static constexpr const char * objc_path   = "/usr/lib/libobjc.A.dylib";

using any_function = void (*)();

namespace {

// Objects, classes and selectors are pointers to data that only the runtime knows.
struct objc_runtime {
    void * (*get_class)(const char *)                                     = nullptr;
    void * (*object_class)(void *)                                        = nullptr;
    void * (*selector)(const char *)                                      = nullptr;
    any_function (*method)(void *, void *)                                = nullptr;
    void * (*allocate_class)(void *, const char *, size_t)                = nullptr;
    signed char (*add_method)(void *, void *, any_function, const char *) = nullptr;
    void (*register_class)(void *)                                        = nullptr;
};

}  // namespace

static objc_runtime objc;
static dock_actions handlers;

template <typename F> static bool find(void * library, const char * name, F & function) {
    function = reinterpret_cast<F>(dlsym(library, name));
    return function != nullptr;
}

static bool open_libraries() {
    void * library = dlopen(appkit_path, RTLD_NOW) ? dlopen(objc_path, RTLD_NOW) : nullptr;
    return library && find(library, "objc_getClass", objc.get_class) &&
           find(library, "object_getClass", objc.object_class) && find(library, "sel_registerName", objc.selector) &&
           find(library, "class_getMethodImplementation", objc.method) &&
           find(library, "objc_allocateClassPair", objc.allocate_class) &&
           find(library, "class_addMethod", objc.add_method) &&
           find(library, "objc_registerClassPair", objc.register_class) && objc.get_class("NSApplication");
}

// [receiver message: arguments...]; a class receives messages too.
template <typename R = void *, typename... A> static R send(void * receiver, const char * message, A... arguments) {
    void * selector = objc.selector(message);
    auto   method   = reinterpret_cast<R (*)(void *, void *, A...)>(objc.method(objc.object_class(receiver), selector));
    return method(receiver, selector, arguments...);
}

static void * make(const char * class_name) {
    return send(send(objc.get_class(class_name), "alloc"), "init");
}

static void * text(const std::string & utf8) {
    return send(objc.get_class("NSString"), "stringWithUTF8String:", utf8.c_str());
}

// -applicationShouldHandleReopen:hasVisibleWindows:, "false" for "it has been dealt with"
static signed char on_reopen(void *, void *, void *, signed char) {
    handlers.open();
    return 0;
}

static void on_open(void *, void *, void *) {
    handlers.open();
}

// -applicationShouldTerminate:, NSTerminateNow
static unsigned long on_terminate(void *, void *, void *) {
    handlers.quit();
    return 1;
}

static void add_method(void * type, const char * message, any_function function, const char * encoding) {
    objc.add_method(type, objc.selector(message), function, encoding);
}

static void * make_delegate() {
    void * type = objc.allocate_class(objc.get_class("NSObject"), "MkexeDelegate", 0);
    add_method(type, "applicationShouldHandleReopen:hasVisibleWindows:", reinterpret_cast<any_function>(on_reopen),
               "c@:@c");
    add_method(type, "applicationShouldTerminate:", reinterpret_cast<any_function>(on_terminate), "Q@:@");
    add_method(type, "openPage:", reinterpret_cast<any_function>(on_open), "v@:@");
    objc.register_class(type);
    return make("MkexeDelegate");
}

static void * menu_item(const std::string & title, const char * message, const char * key) {
    return send(send(objc.get_class("NSMenuItem"), "alloc"), "initWithTitle:action:keyEquivalent:", text(title),
                objc.selector(message), text(key));
}

// An app has at least one menu, with the item that ends it.
static void set_menu(void * app, void * delegate, const std::string & title) {
    void * open = menu_item("Open " + title, "openPage:", "o");
    send<void>(open, "setTarget:", delegate);
    void * menu = make("NSMenu");
    send<void>(menu, "addItem:", open);
    send<void>(menu, "addItem:", menu_item("Quit " + title, "terminate:", "q"));
    void * place = make("NSMenuItem");
    void * bar   = make("NSMenu");
    send<void>(bar, "addItem:", place);
    send<void>(bar, "setSubmenu:forItem:", menu, place);
    send<void>(app, "setMainMenu:", bar);
}

void stay_in_dock(const std::string & title, const dock_actions & actions) {
    if (!open_libraries()) {
        return;
    }
    handlers        = actions;
    void * pool     = make("NSAutoreleasePool");
    void * app      = send(objc.get_class("NSApplication"), "sharedApplication");
    void * delegate = make_delegate();
    send<void>(app, "setDelegate:", delegate);
    set_menu(app, delegate, title);
    send<void>(app, "run");
    send<void>(pool, "release");
}
