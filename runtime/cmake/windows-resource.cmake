# The Windows program's icon, version and manifest (UTF-8 code page, long paths), compiled by zig's resource compiler.
string(REPLACE "." "," MKEXE_VERSION_COMMAS "${MKEXE_VERSION},0")
set(resource ${CMAKE_BINARY_DIR}/generated/runtime.res)
configure_file(platform/windows/runtime.rc.in ${CMAKE_BINARY_DIR}/generated/runtime.rc @ONLY)
add_custom_command(OUTPUT ${resource}
    COMMAND ${MKEXE_ZIG} rc /:no-preprocess /:auto-includes none ${CMAKE_BINARY_DIR}/generated/runtime.rc ${resource}
    DEPENDS ${CMAKE_BINARY_DIR}/generated/runtime.rc platform/windows/runtime.manifest platform/windows/mkexe.ico
    COMMENT "Compiling resources" VERBATIM)
add_custom_target(mkexe-resource DEPENDS ${resource})
add_dependencies(mkexe-runtime mkexe-resource)
target_link_libraries(mkexe-runtime PRIVATE ${resource})
set_property(TARGET mkexe-runtime APPEND PROPERTY LINK_DEPENDS ${resource})
