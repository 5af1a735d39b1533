# CMake toolchain file: zig as a cross compiler for C and C++.
#
#   MKEXE_ZIG          the zig executable
#   MKEXE_TRIPLE       zig's name of the target, e.g. x86_64-linux-musl (native/targets.toml)
#   MKEXE_SYSTEM_NAME  CMake's name of the system: Linux, Darwin, Windows
#   MKEXE_PROCESSOR    CMake's name of the processor: x86_64, aarch64, AMD64
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MKEXE_ZIG MKEXE_TRIPLE MKEXE_SYSTEM_NAME MKEXE_PROCESSOR)

set(CMAKE_SYSTEM_NAME ${MKEXE_SYSTEM_NAME})
set(CMAKE_SYSTEM_PROCESSOR ${MKEXE_PROCESSOR})
set(CMAKE_SYSTEM_VERSION 1)

# zig is the compiler, the archiver and the resource compiler. Its first argument selects one of them.
set(CMAKE_C_COMPILER ${MKEXE_ZIG} cc)
set(CMAKE_CXX_COMPILER ${MKEXE_ZIG} c++)
# CMake's checks must not link: for the first program that is linked, zig compiles its C++ library (1.5 to 3 minutes),
# and again for the runtime's flags. If COMPILER_TARGET is set, CMake identifies the compiler by an object file.
set(CMAKE_C_COMPILER_TARGET ${MKEXE_TRIPLE})
set(CMAKE_CXX_COMPILER_TARGET ${MKEXE_TRIPLE})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_AR ${MKEXE_ZIG} CACHE FILEPATH "")
set(CMAKE_RANLIB ${MKEXE_ZIG} CACHE FILEPATH "")
set(CMAKE_USER_MAKE_RULES_OVERRIDE ${CMAKE_CURRENT_LIST_DIR}/zig-rules.cmake)
# On Darwin, CMake stops if it finds no install_name_tool. No step of this build uses it.
set(CMAKE_INSTALL_NAME_TOOL ${MKEXE_ZIG} CACHE FILEPATH "")

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
