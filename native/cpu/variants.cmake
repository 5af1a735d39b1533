# The CPU kernels (upstream's ggml-cpu), compiled once per variant: an instruction-set level.
#
# Adding a level is adding a row to MKEXE_CPU_VARIANTS: "name | compiler flags | definitions of its score".
# Flags and definitions are upstream's for the level (ggml/src/CMakeLists.txt, ggml_add_cpu_backend_variant, and
# ggml/src/ggml-cpu/CMakeLists.txt), except that zig takes Arm levels as -mcpu. The definitions also decide which
# processor features the score asks for (ggml-cpu/arch/*/cpu-feats.cpp), so the two must say the same.
# Rows go from the lowest level to the highest: the linker keeps the first copy of shared inline code.

set(MKEXE_CPU_SOURCES ggml-cpu.c ggml-cpu.cpp repack.cpp hbm.cpp quants.c traits.cpp amx/amx.cpp amx/mmq.cpp
    tiled/tiled.cpp tiled/tiled-kernel.cpp binary-ops.cpp unary-ops.cpp vec.cpp ops.cpp llamafile/sgemm.cpp)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(MKEXE_CPU_ARCH x86)
    set(MKEXE_CPU_VARIANTS
        "haswell | -msse4.2 -mf16c -mfma -mbmi2 -mavx -mavx2 | GGML_SSE42 GGML_F16C GGML_FMA GGML_BMI2 GGML_AVX GGML_AVX2")
    set(MKEXE_CPU_NEEDS "AVX2, FMA, F16C and BMI2 (Intel since 2013, AMD since 2015)")
else()
    set(MKEXE_CPU_ARCH arm)
    set(MKEXE_CPU_VARIANTS "armv8.2 | -mcpu=generic+v8_2a+dotprod | GGML_USE_DOTPROD")
    set(MKEXE_CPU_NEEDS "the dot product instructions of ARMv8.2 (Cortex-A55/A75 or Neoverse N1 and later)")
endif()

list(APPEND MKEXE_CPU_SOURCES arch/${MKEXE_CPU_ARCH}/quants.c arch/${MKEXE_CPU_ARCH}/repack.cpp)
set(ggml_src ${MKEXE_LLAMA_DIR}/ggml/src)
# what the kernels see of the system's headers: as upstream's ggml/src/CMakeLists.txt says
set(MKEXE_CPU_SYSTEM_Linux _GNU_SOURCE _XOPEN_SOURCE=600)
set(MKEXE_CPU_SYSTEM_Darwin _DARWIN_C_SOURCE)
set(MKEXE_CPU_SYSTEM_Windows _XOPEN_SOURCE=600)

# ggml-cpu-NAME: the kernels. What the dispatcher calls gets the variant's name as a suffix.
function(mkexe_add_kernels name flags definitions)
    list(TRANSFORM MKEXE_CPU_SOURCES PREPEND ${ggml_src}/ggml-cpu/ OUTPUT_VARIABLE sources)
    add_library(ggml-cpu-${name} STATIC ${sources})
    target_include_directories(ggml-cpu-${name} PRIVATE ${ggml_src} ${ggml_src}/ggml-cpu)
    target_compile_options(ggml-cpu-${name} PRIVATE ${flags} -O3)
    target_compile_definitions(ggml-cpu-${name} PRIVATE ${definitions} ${MKEXE_CPU_SYSTEM_${CMAKE_SYSTEM_NAME}}
        GGML_SCHED_MAX_COPIES=4 GGML_USE_CPU_REPACK GGML_USE_LLAMAFILE ggml_backend_cpu_reg=ggml_backend_cpu_reg__${symbol})
    target_link_libraries(ggml-cpu-${name} PRIVATE ggml-base)
endfunction()

# ggml-cpu-NAME-score: whether this processor can run the variant; compiled without the variant's flags.
function(mkexe_add_score name definitions)
    add_library(ggml-cpu-${name}-score OBJECT ${ggml_src}/ggml-cpu/arch/${MKEXE_CPU_ARCH}/cpu-feats.cpp)
    target_include_directories(ggml-cpu-${name}-score PRIVATE ${ggml_src} ${ggml_src}/ggml-cpu)
    target_compile_definitions(ggml-cpu-${name}-score PRIVATE ${definitions} GGML_BACKEND_DL
        ggml_backend_score=ggml_backend_score__${symbol})
    target_link_libraries(ggml-cpu-${name}-score PRIVATE ggml-base)
endfunction()

set(libraries "")
set(MKEXE_CPU_ROWS "")
foreach(row IN LISTS MKEXE_CPU_VARIANTS)
    string(REGEX MATCH "^(.*) \\| (.*) \\| (.*)$" _ "${row}")
    set(name ${CMAKE_MATCH_1})
    string(MAKE_C_IDENTIFIER ${name} symbol)
    string(REPLACE " " ";" flags "${CMAKE_MATCH_2}")
    string(REPLACE " " ";" definitions "${CMAKE_MATCH_3}")
    mkexe_add_kernels(${name} "${flags}" "${definitions}")
    mkexe_add_score(${name} "${definitions}")
    list(APPEND libraries $<TARGET_OBJECTS:ggml-cpu-${name}-score> ggml-cpu-${name})
    string(APPEND MKEXE_CPU_ROWS "MKEXE_CPU_VARIANT(${symbol}, \"${name}\")\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cpu-variants.inc CONTENT "${MKEXE_CPU_ROWS}" @ONLY)

add_library(mkexe-cpu INTERFACE)
target_link_libraries(mkexe-cpu INTERFACE ${libraries} ggml-base)
