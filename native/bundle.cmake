# Puts runtimes and the page into the wheel: pip install . -C cmake.define.MKEXE_TARGETS="linux-x86_64;windows-x86_64"
#
# The builder compiles them into the user's cache, as usual, and copies the result here. It runs in a separate virtual
# environment, so that pip's isolated build needs the wheels of the compilers only if MKEXE_TARGETS is set.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(bundle ${CMAKE_BINARY_DIR}/bundle)
set(environment ${CMAKE_BINARY_DIR}/environment)
if(WIN32)
    set(python ${environment}/Scripts/python.exe)
else()
    set(python ${environment}/bin/python)
endif()
list(JOIN MKEXE_TARGETS "," targets)
execute_process(COMMAND ${Python3_EXECUTABLE} -m venv ${environment} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${python} -m pip install --quiet "${CMAKE_SOURCE_DIR}[compile]" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${python} -m mkexe runtime build --target ${targets} --copy-to ${bundle}
    COMMAND_ERROR_IS_FATAL ANY)
install(DIRECTORY ${bundle}/runtimes/ DESTINATION mkexe/_runtimes USE_SOURCE_PERMISSIONS)
install(DIRECTORY ${bundle}/page/ DESTINATION mkexe/_page)
