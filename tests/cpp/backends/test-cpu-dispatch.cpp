#include "backends/cpu-dispatch.h"
#include "support/sample.h"

#include <doctest.h>

#include <algorithm>

TEST_CASE("the kernels with the highest score are chosen") {
    const auto variants = cpu_variants();
    REQUIRE_FALSE(variants.empty());
    const auto best   = std::max_element(variants.begin(), variants.end(),
                                         [](const auto & a, const auto & b) { return a.score < b.score; });
    const auto chosen = chosen_cpu_variant();
    REQUIRE_MESSAGE(chosen, chosen.message());
    CHECK(chosen.value().score == best->score);
}

TEST_CASE("MKEXE_CPU names the kernels") {
    for (const auto & variant : cpu_variants()) {
        CAPTURE(variant.name);
        const environment_variable named("MKEXE_CPU", variant.name);
        const auto                 chosen = chosen_cpu_variant();
        REQUIRE(bool(chosen) == (variant.score > 0));
        if (chosen) {
            CHECK(std::string(chosen.value().name) == variant.name);
        } else {
            CHECK(chosen.message().find(std::string("MKEXE_CPU=") + variant.name +
                                        ": this processor lacks instructions of that level") == 0);
        }
    }
    const environment_variable named("MKEXE_CPU", "8086");
    const auto                 chosen = chosen_cpu_variant();
    REQUIRE_FALSE(chosen);
    CHECK(chosen.message().find("MKEXE_CPU=8086: no such level. This processor runs: ") == 0);
}
