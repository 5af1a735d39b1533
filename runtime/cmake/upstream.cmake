# Builds llama.cpp as libraries: selects its parts and options, and replaces four of its parts with code of mkexe.
set(BUILD_SHARED_LIBS OFF)
set(GGML_CCACHE OFF)
set(GGML_NATIVE OFF)
set(GGML_OPENMP OFF)
set(GGML_METAL OFF)
set(GGML_BLAS OFF)
set(GGML_ACCELERATE OFF)
set(GGML_CPU OFF)  # native/cpu/variants.cmake compiles the kernels
set(LLAMA_BUILD_COMMON ON)
set(LLAMA_BUILD_MTMD ON)
set(LLAMA_BUILD_TOOLS OFF)
set(LLAMA_BUILD_TESTS OFF)
set(LLAMA_BUILD_EXAMPLES OFF)
set(LLAMA_BUILD_APP OFF)
set(LLAMA_ALL_WARNINGS OFF)
set(LLAMA_OPENSSL OFF)
set(MTMD_VIDEO OFF)
set(LLAMA_BUILD_NUMBER 0)
set(LLAMA_BUILD_COMMIT ${MKEXE_LLAMA_COMMIT})
# the git checkout around this build does not know the commit of llama.cpp
set(GIT_EXE OFF)
set(GIT_EXECUTABLE OFF)
set(CMAKE_DISABLE_FIND_PACKAGE_Git ON)
add_subdirectory(${MKEXE_LLAMA_DIR} llama EXCLUDE_FROM_ALL)

# 1. The page: llama.cpp's server asks a library named llama-ui for it. This library takes it from the artifact.
add_library(llama-ui INTERFACE)  # defined in upstream/page-assets.cpp
target_include_directories(llama-ui INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/upstream/page)
add_custom_target(llama-ui-assets)
add_subdirectory(${MKEXE_LLAMA_DIR}/tools/server llama-server EXCLUDE_FROM_ALL)
# The commands chat and run use the library of llama.cpp's command line.
add_subdirectory(${MKEXE_LLAMA_DIR}/tools/cli llama-cli EXCLUDE_FROM_ALL)
target_include_directories(server-context PRIVATE ${MKEXE_LLAMA_DIR})
target_include_directories(llama-server-impl PRIVATE ${MKEXE_LLAMA_DIR})

# The patches in native/patches include upstream/hooks.h, upstream/template-work.h and base/work-limits.h.
foreach(library mtmd llama-common server-context llama-server-impl)
    target_include_directories(${library} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endforeach()
set_property(SOURCE ${MKEXE_LLAMA_DIR}/src/llama-grammar.cpp ${MKEXE_LLAMA_DIR}/src/llama-sampler.cpp
    ${MKEXE_LLAMA_DIR}/src/llama-model.cpp
    TARGET_DIRECTORY llama
    APPEND PROPERTY INCLUDE_DIRECTORIES ${CMAKE_CURRENT_SOURCE_DIR})

# 2. Files: every loader opens files with ggml_fopen. The definition in llama.cpp gets another name. The definition in
#    artifact-fopen.cpp replaces it, and calls it for paths outside the artifact.
set_property(SOURCE ${MKEXE_LLAMA_DIR}/ggml/src/ggml.c TARGET_DIRECTORY ggml-base
    APPEND PROPERTY COMPILE_DEFINITIONS ggml_fopen=ggml_fopen_default)

# 3. Kernels: ggml registers the CPU backend that cpu-dispatch.cpp chooses.
target_compile_definitions(ggml PRIVATE GGML_USE_CPU)

# 4. Downloads: an artifact makes no connection.
get_target_property(common_sources llama-common SOURCES)
list(REMOVE_ITEM common_sources download.cpp hf-cache.cpp)
set_target_properties(llama-common PROPERTIES SOURCES "${common_sources}")
target_sources(llama-common PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/upstream/no-download.cpp)
