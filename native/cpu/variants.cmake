# Compiles the CPU kernels (upstream's ggml-cpu) once per variant. A variant is an instruction-set level.
#
# Each variant is compiled under a generated header that renames every symbol that ggml-cpu defines (renamed.txt) to
# NAME__VARIANT, so that one static program can hold all of them; runtime/backends/cpu-dispatch.cpp chooses one by
# upstream's own score. `mkexe.runtimes.build_tree` checks after the compile that no name was missed
# (mkexe/runtimes/kernels.py).
#
# A level is a row "name | features" or "name | features | name of a lower level". Names and features are those of
# upstream's dynamically loaded variants (ggml/src/CMakeLists.txt, ggml_add_cpu_backend_variant). The comment of a row
# names a level of upstream that adds only features which no kernel of ggml-cpu uses. The third column names a lower
# level whose elementwise kernels (MKEXE_CPU_OPS) this level uses too, because they use none of its additional features,
# or only fused multiply-add (docs/decisions/0003-cpu-variants.md has the cost of that). tests/native/test_kernels.py
# compares what the compiler sees. The rows go from the lowest level to the highest, because the linker keeps the first
# copy of the C++ library's inline code. MKEXE_CPU_NEEDS describes in words the requirements of the lowest row. If
# MKEXE_CPU_LEVELS is set, only the rows that it names are compiled. It is for trials; it must also name the rows that
# these rows refer to.

set(MKEXE_CPU_HOT ggml-cpu.c quants.c vec.cpp amx/mmq.cpp tiled/tiled.cpp tiled/tiled-kernel.cpp llamafile/sgemm.cpp)
# Code that runs once per element or less, never once per weight: small code is as fast here (docs/performance.md). Most
# of these files spend more compile time in headers than in their own code, so they are compiled together.
set(MKEXE_CPU_COLD ggml-cpu.cpp traits.cpp hbm.cpp amx/amx.cpp repack.cpp)
set(MKEXE_CPU_OPS ops.cpp binary-ops.cpp unary-ops.cpp)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(MKEXE_CPU_ARCH x86)
    set(MKEXE_CPU_VARIANTS
        "x64 |"
        "sse42 | SSE42"
        "sandybridge | SSE42 AVX"
        "ivybridge | SSE42 AVX F16C"
        "piledriver | SSE42 AVX F16C FMA | ivybridge"
        "haswell | SSE42 AVX F16C FMA AVX2 BMI2"
        "alderlake | SSE42 AVX F16C FMA AVX2 BMI2 AVX_VNNI | haswell"
        "skylakex | SSE42 AVX F16C FMA AVX2 BMI2 AVX512"  # cannonlake
        "cascadelake | SSE42 AVX F16C FMA AVX2 BMI2 AVX512 AVX512_VNNI | skylakex"  # icelake
        "cooperlake | SSE42 AVX F16C FMA AVX2 BMI2 AVX512 AVX512_VNNI AVX512_BF16 | skylakex"  # zen4
        "sapphirerapids | SSE42 AVX F16C FMA AVX2 BMI2 AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16 AMX_TILE AMX_INT8 | skylakex")
    set(MKEXE_CPU_NEEDS "a 64-bit processor")
    if(APPLE)
        # Macs that run macOS 11 have Ivy Bridge to Coffee Lake, Skylake-X, Cascade Lake or Ice Lake processors. The two
        # lowest rows are for emulators.
        list(FILTER MKEXE_CPU_VARIANTS EXCLUDE
            REGEX "^(sandybridge|piledriver|alderlake|cooperlake|sapphirerapids) ")
    endif()
elseif(APPLE)
    set(MKEXE_CPU_ARCH arm)
    set(MKEXE_CPU_VARIANTS
        "apple_m1 | DOTPROD"
        "apple_m2_m3 | DOTPROD MATMUL_INT8 | apple_m1")  # apple_m4
    set(MKEXE_CPU_NEEDS "the dot product instructions of Apple M1 and later")
else()
    set(MKEXE_CPU_ARCH arm)
    set(MKEXE_CPU_VARIANTS
        "armv8.0_1 |"
        "armv8.2_1 | DOTPROD"
        "armv8.2_2 | DOTPROD FP16_VECTOR_ARITHMETIC"
        "armv8.2_3 | DOTPROD FP16_VECTOR_ARITHMETIC SVE"
        "armv8.6_1 | DOTPROD FP16_VECTOR_ARITHMETIC SVE MATMUL_INT8 | armv8.2_3"  # armv9.2_1
        "armv8.6_2 | DOTPROD FP16_VECTOR_ARITHMETIC SVE MATMUL_INT8 SVE2")  # armv9.2_2
    set(MKEXE_CPU_NEEDS "a 64-bit processor")
endif()

# The compiler's flags for each feature, as in upstream's ggml/src/ggml-cpu/CMakeLists.txt.
set(MKEXE_CPU_FLAGS_SSE42 -msse4.2)
set(MKEXE_CPU_FLAGS_AVX -mavx)
set(MKEXE_CPU_FLAGS_F16C -mf16c)
set(MKEXE_CPU_FLAGS_FMA -mfma)
set(MKEXE_CPU_FLAGS_AVX2 -mavx2)
set(MKEXE_CPU_FLAGS_BMI2 -mbmi2)
set(MKEXE_CPU_FLAGS_AVX_VNNI -mavxvnni)
set(MKEXE_CPU_FLAGS_AVX512 -mavx512f -mavx512cd -mavx512vl -mavx512dq -mavx512bw)
set(MKEXE_CPU_FLAGS_AVX512_VBMI -mavx512vbmi)
set(MKEXE_CPU_FLAGS_AVX512_VNNI -mavx512vnni)
set(MKEXE_CPU_FLAGS_AVX512_BF16 -mavx512bf16)
set(MKEXE_CPU_FLAGS_AMX_TILE -mamx-tile)
set(MKEXE_CPU_FLAGS_AMX_INT8 -mamx-int8)
# zig selects Arm levels with -mcpu and LLVM's names of features. It takes the highest architecture that a feature
# needs.
set(MKEXE_CPU_TAGS_DOTPROD v8_2a dotprod)
set(MKEXE_CPU_TAGS_FP16_VECTOR_ARITHMETIC v8_2a fullfp16)
set(MKEXE_CPU_TAGS_SVE v8_2a sve)
set(MKEXE_CPU_TAGS_MATMUL_INT8 v8_6a i8mm)
set(MKEXE_CPU_TAGS_SVE2 v8_6a sve2)

list(APPEND MKEXE_CPU_HOT arch/${MKEXE_CPU_ARCH}/quants.c arch/${MKEXE_CPU_ARCH}/repack.cpp)
set(ggml_src ${MKEXE_LLAMA_DIR}/ggml/src)
# the definitions for the system's headers, as in upstream's ggml/src/CMakeLists.txt
set(MKEXE_CPU_SYSTEM_Linux _GNU_SOURCE _XOPEN_SOURCE=600)
set(MKEXE_CPU_SYSTEM_Darwin _DARWIN_C_SOURCE)
set(MKEXE_CPU_SYSTEM_Windows _XOPEN_SOURCE=600)
# mkexe's own kernels, which native/patches/gemm.patch calls instead of upstream's; without AVX2 they compile to nothing
set(MKEXE_CPU_OWN "")
if(MKEXE_CPU_ARCH STREQUAL "x86")
    set(MKEXE_CPU_OWN gemm-q4_0.cpp gemm-q4_K.cpp gemm-q8_0.cpp)
    list(TRANSFORM MKEXE_CPU_OWN PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
    # Its inner loops fill all sixteen registers. LLVM's default scheduler moves a load ahead and spills a sum in every
    # round. Without it, and with the older scheduler that counts registers, there are no spills: prompts of an F16
    # model are 1.6 times as fast, of a Q8_0 model 1.08 times (docs/performance.md).
    set_property(SOURCE ${ggml_src}/ggml-cpu/llamafile/sgemm.cpp APPEND PROPERTY COMPILE_OPTIONS
        -Xclang -mllvm -Xclang -enable-misched=false -Xclang -mllvm -Xclang -pre-RA-sched=list-hybrid)
endif()
set(MKEXE_CPU_NO_UNWINDING "")
if(WIN32)
    # No exception passes through the kernels, so they need no unwind tables. These are 30 KB for each level, and the
    # Windows program is not packed.
    set(MKEXE_CPU_NO_UNWINDING -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables)
endif()
# native/patches/prefetch-weights.patch uses MKEXE_PREFETCH in these files
set_property(SOURCE ${ggml_src}/ggml-cpu/vec.cpp ${ggml_src}/ggml-cpu/arch/x86/quants.c
    ${ggml_src}/ggml-cpu/arch/x86/repack.cpp APPEND PROPERTY COMPILE_OPTIONS
    -include ${CMAKE_CURRENT_LIST_DIR}/prefetch.h)
# every name that the kernels define, and the names that only MKEXE_CPU_OPS define
foreach(list renamed renamed-ops)
    string(TOUPPER MKEXE_CPU_${list} variable)
    file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/${list}.txt ${variable} REGEX "^[A-Za-z_]")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${list}.txt)
endforeach()

# The compiler's flags for a list of features.
function(mkexe_cpu_flags features result)
    set(flags "")
    set(tags "")
    foreach(feature IN LISTS features)
        list(APPEND flags ${MKEXE_CPU_FLAGS_${feature}})
        list(APPEND tags ${MKEXE_CPU_TAGS_${feature}})
    endforeach()
    if(tags)
        if("v8_6a" IN_LIST tags)
            list(REMOVE_ITEM tags v8_2a)
        endif()
        list(REMOVE_DUPLICATES tags)
        list(JOIN tags "+" tags)
        list(APPEND flags "-mcpu=generic+${tags}")
    endif()
    set(${result} "${flags}" PARENT_SCOPE)
endfunction()

# The definitions that tell upstream's cpu-feats.cpp which features to ask the processor for.
function(mkexe_score_definitions features result)
    set(prefix GGML_)
    if(MKEXE_CPU_ARCH STREQUAL "arm")
        set(prefix GGML_USE_)
    endif()
    list(TRANSFORM features PREPEND ${prefix})
    set(${result} "${features}" PARENT_SCOPE)
endfunction()

# Writes a header that renames the symbols of the kernels to NAME__`symbol`, and those of the elementwise kernels to
# NAME__`ops_symbol`.
function(mkexe_rename header symbol ops_symbol)
    list(TRANSFORM MKEXE_CPU_RENAMED REPLACE "^(.+)$" "#define \\1 \\1__${symbol}" OUTPUT_VARIABLE lines)
    list(TRANSFORM MKEXE_CPU_RENAMED-OPS REPLACE "^(.+)$" "#define \\1 \\1__${ops_symbol}" OUTPUT_VARIABLE ops_lines)
    list(JOIN lines "\n" lines)
    list(JOIN ops_lines "\n" ops_lines)
    file(CONFIGURE OUTPUT ${header} CONTENT "${lines}\n${ops_lines}\n" @ONLY)
endfunction()

# Adds the targets of one variant. ggml-cpu-NAME and ggml-cpu-NAME-cold are the kernels. ggml-cpu-NAME-ops are the
# elementwise kernels, if this level has its own. ggml-cpu-NAME-score computes the score of the variant on the processor
# that runs it, so it is compiled without the variant's flags.
function(mkexe_add_variant name symbol features ops)
    set(header ${CMAKE_BINARY_DIR}/generated/rename-${name}.h)
    string(MAKE_C_IDENTIFIER ${ops} ops_symbol)
    mkexe_rename(${header} ${symbol} ${ops_symbol})
    mkexe_cpu_flags("${features}" flags)
    mkexe_score_definitions("${features}" definitions)
    foreach(part HOT COLD OPS)
        list(TRANSFORM MKEXE_CPU_${part} PREPEND ${ggml_src}/ggml-cpu/ OUTPUT_VARIABLE ${part})
    endforeach()

    add_library(ggml-cpu-${name} OBJECT ${HOT} ${MKEXE_CPU_OWN})
    target_compile_options(ggml-cpu-${name} PRIVATE ${flags} -O3)
    add_library(ggml-cpu-${name}-cold OBJECT ${COLD})
    target_compile_options(ggml-cpu-${name}-cold PRIVATE ${flags} -Os)
    set_target_properties(ggml-cpu-${name}-cold PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
    set(targets ggml-cpu-${name} ggml-cpu-${name}-cold)
    if(ops STREQUAL name)
        add_library(ggml-cpu-${name}-ops OBJECT ${OPS})
        # small code is as fast here if the loops that multiply in flash attention are still fully unrolled
        target_compile_options(ggml-cpu-${name}-ops PRIVATE ${flags} -Os
            "SHELL:-Xclang -mllvm -Xclang -unroll-threshold=300")
        list(APPEND targets ggml-cpu-${name}-ops)
    endif()
    foreach(target IN LISTS targets)
        target_compile_options(${target} PRIVATE ${MKEXE_CPU_NO_UNWINDING})
        target_compile_definitions(${target} PRIVATE ${definitions} ${MKEXE_CPU_SYSTEM_${CMAKE_SYSTEM_NAME}}
            GGML_SCHED_MAX_COPIES=4 GGML_USE_CPU_REPACK GGML_USE_LLAMAFILE)
    endforeach()

    add_library(ggml-cpu-${name}-score OBJECT ${ggml_src}/ggml-cpu/arch/${MKEXE_CPU_ARCH}/cpu-feats.cpp)
    target_compile_options(ggml-cpu-${name}-score PRIVATE -Os)
    target_compile_definitions(ggml-cpu-${name}-score PRIVATE ${definitions} GGML_BACKEND_DL)

    foreach(target IN LISTS targets ITEMS ggml-cpu-${name}-score)
        target_include_directories(${target} PRIVATE ${ggml_src} ${ggml_src}/ggml-cpu ${CMAKE_CURRENT_LIST_DIR})
        target_compile_options(${target} PRIVATE "SHELL:-include ${header}")
        target_link_libraries(${target} PRIVATE ggml-base)
    endforeach()
    if(ops STREQUAL name)
        # included after the other header: the chosen level decides how rows of a type are multiplied
        # (runtime/backends/cpu-dispatch.cpp)
        target_compile_options(ggml-cpu-${name}-ops PRIVATE
            "SHELL:-include ${CMAKE_BINARY_DIR}/generated/type-traits.h")
    endif()
    list(TRANSFORM targets REPLACE "^(.+)$" "$<TARGET_OBJECTS:\\1>")
    set(kernels ${kernels} ${targets} PARENT_SCOPE)
endfunction()

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/type-traits.h @ONLY
    CONTENT "#undef ggml_get_type_traits_cpu\n#define ggml_get_type_traits_cpu mkexe_cpu_type_traits\n")
set(scores "")
set(kernels "")
set(MKEXE_CPU_ROWS "")
set(table "")
foreach(row IN LISTS MKEXE_CPU_VARIANTS)
    string(REGEX MATCH "^([^ ]+) \\|([^|]*)(\\| (.+))?$" _ "${row}")
    set(name ${CMAKE_MATCH_1})
    set(ops ${name})
    if(CMAKE_MATCH_4)
        set(ops ${CMAKE_MATCH_4})
    endif()
    string(STRIP "${CMAKE_MATCH_2}" features)
    if(MKEXE_CPU_LEVELS AND NOT name IN_LIST MKEXE_CPU_LEVELS)
        continue()
    endif()
    string(APPEND table "${name} | ${features}\n")
    string(MAKE_C_IDENTIFIER ${name} symbol)
    string(MAKE_C_IDENTIFIER ${ops} ops_symbol)
    string(REPLACE " " ";" feature_list "${features}")
    mkexe_add_variant(${name} ${symbol} "${feature_list}" ${ops})
    list(APPEND scores $<TARGET_OBJECTS:ggml-cpu-${name}-score>)
    list(APPEND MKEXE_CPU_ROWS "MKEXE_CPU_VARIANT(${symbol}, ${ops_symbol}, \"${name}\", \"${features}\")\n")
endforeach()
list(JOIN MKEXE_CPU_ROWS "" MKEXE_CPU_ROWS)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cpu-variants.inc CONTENT "${MKEXE_CPU_ROWS}" @ONLY)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cpu-variants.txt CONTENT "${table}" @ONLY)

if(NOT APPLE)
    add_library(mkexe-expf OBJECT ${CMAKE_CURRENT_LIST_DIR}/expf.c)
    list(APPEND kernels $<TARGET_OBJECTS:mkexe-expf>)
endif()

add_library(mkexe-cpu INTERFACE)
target_link_libraries(mkexe-cpu INTERFACE ${scores} ${kernels} ggml-base)
