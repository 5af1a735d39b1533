#include "api/chat-store.h"
#include "artifact/manifest.h"
#include "base/work-limits.h"
#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "jinja/runtime.h"
#include "json-schema-to-grammar.h"
#include "json.h"
#include "llama-grammar.h"
#include "llama.h"
#include "platform/folder-access.h"
#include "support/temporary-folder.h"

#include <doctest.h>

#include <filesystem>
#include <fstream>

static std::string repeat(const std::string & text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; i++) {
        all += text;
    }
    return all;
}

static std::string nested(size_t levels) {
    return repeat("[", levels) + repeat("]", levels);
}

// The message of the exception that `work` throws; empty if it throws nothing.
template <typename F> static std::string problem_of(const F & work) {
    try {
        work();
        return "";
    } catch (const mkexe::limit_error & error) {
        return error.what();
    } catch (const std::exception & error) {
        return std::string("another: ") + error.what();
    }
}

TEST_CASE("brackets of JSON are counted, those in strings are not") {
    CHECK(mkexe::json_levels("") == 0);
    CHECK(mkexe::json_levels("1") == 0);
    CHECK(mkexe::json_levels(R"([{"a":[1]},[2]])") == 3);
    CHECK(mkexe::json_levels(R"(["[[[[", "\"[[[", "\\", [1]])") == 2);
    CHECK(mkexe::json_levels("]]]][") == 1);
    CHECK(mkexe::json_levels(repeat("[", 100000)) == 100000);
    CHECK(mkexe::json_levels(repeat("{\"a\":", 1000)) == 1000);
}

TEST_CASE("JSON is parsed up to the limit, and refused above it with what was found") {
    CHECK(common_json::parse(nested(mkexe::max_json_levels)).is_array());
    CHECK(problem_of([] { common_json::parse(nested(100000)); }) == "JSON of 100000 levels: at most 200 are possible");
    CHECK(common_json::parse_no_throw(nested(100000)).is_discarded());
    const auto result = read_manifest(R"({"format":)" + nested(100000) + "}", superblock{}, "file");
    REQUIRE_FALSE(result);
    CHECK(result.message().find("100001 levels") != std::string::npos);
}

// Whether this is a grammar. Throws if a limit is exceeded.
static bool is_grammar(const std::string & text) {
    llama_sampler * sampler = llama_sampler_init_grammar(nullptr, text.c_str(), "root");
    if (!sampler) {
        return false;
    }
    llama_sampler_free(sampler);
    return true;
}

// Returns "root ::= r0", and for each number what `rule` makes of the name of the next rule. The last rule is an "a".
template <typename F> static std::string chain(size_t count, const F & rule) {
    std::string text = "root ::= r0\n";
    for (size_t i = 0; i < count; i++) {
        text += "r" + std::to_string(i) + " ::= " + rule("r" + std::to_string(i + 1)) + "\n";
    }
    return text + "r" + std::to_string(count) + " ::= \"a\"\n";
}

TEST_CASE("grammars that nest, multiply or repeat too much are refused") {
    const std::pair<const char *, std::string> cases[] = {
        { "parentheses", "root ::= " + repeat("(", 20000) + "\"a\"" + repeat(")", 20000) },
        { "1048576", "root ::= \"" + repeat("a", 2000000) + "\"" },
        { "alternatives", "root ::= \"a\"" + repeat(" | \"b\"", 100000) },
        { "elements", "root ::= \"" + repeat("a", 10000) + "\"{1000}" },
        { "elements", "root ::= \"" + repeat("a", 10000) + "\"{0,1000}" },
        { "bytes in all", repeat("n", 100000) + " ::= " + repeat("(\"a\")", 1000) + "\nroot ::= \"a\"" },
        { "begin with each other", chain(20000, [](const std::string & next) { return next; }) },
        { "a choice", chain(40, [](const std::string & next) { return next + " \"a\" | " + next + " \"b\""; }) },
    };
    for (const auto & [limit, text] : cases) {
        const auto problem = problem_of([&text = text] { is_grammar(text); });
        CHECK_MESSAGE(problem.find(limit) != std::string::npos, limit << ": " << problem);
    }
}

TEST_CASE("grammars of a usual size are grammars") {
    CHECK(is_grammar("root ::= " + repeat("(", 100) + "\"a\"" + repeat(")", 100)));
    CHECK(is_grammar("root ::= \"a\"" + repeat(" | \"b\"", 1000)));
    CHECK(is_grammar("root ::= [a-z]{1,2000}"));
    // takes 2^n steps if a checked rule is checked again
    CHECK(is_grammar(chain(200, [](const std::string & next) { return next + " | " + next; })));
    // a negative number of repetitions
    CHECK_FALSE(is_grammar("root ::= \"a\"{5,2}"));
}

static std::string grammar_of(const std::string & schema) {
    return json_schema_to_grammar(common_json::parse(schema));
}

static std::string joined(size_t count, const std::string & before, const std::string & after) {
    std::string text;
    for (size_t i = 0; i < count; i++) {
        text += (i ? "," : "") + before + std::to_string(i) + after;
    }
    return text;
}

TEST_CASE("a word that starts a grammar is looked for once in each part of an answer") {
    llama_grammar_trigger_pattern word("<tool\\.call>");
    REQUIRE(word.word == "<tool.call>");
    std::string answer;
    for (int i = 0; i < 10000; i++) {
        answer += "tool";
        CHECK(word.find(answer, 4) == std::string::npos);
    }
    CHECK(word.n_looked_at < 10000 * (4 + word.word.size()));
    // the word is split between these pieces
    for (const std::string piece : { "<to", "ol", ".", "call" }) {
        answer += piece;
        CHECK(word.find(answer, piece.size()) == std::string::npos);
    }
    answer += "> and more";
    CHECK(word.find(answer, 10) == 40000);
}

TEST_CASE("a pattern that says more than a word is looked for as a regular expression") {
    for (const char * pattern : { "a.c", "^abc$", "(abc)", "a\\wc", "[a]bc", "ab+c", "abc|x" }) {
        llama_grammar_trigger_pattern regex(pattern);
        CHECK(regex.word.empty());
        CHECK(regex.find("abc", 1) == 0);
    }
    CHECK(llama_grammar_trigger_pattern("a\\|b").find("xa|b", 1) == 1);
}

TEST_CASE("all grammars together have so much room") {
    const auto before = mkexe::grammar_place::all().load();
    {
        const mkexe::grammar_place first(mkexe::grammar_budget_bytes - before);
        CHECK(problem_of([] { is_grammar("root ::= \"a\""); }).find("try again in a moment") != std::string::npos);
    }
    CHECK(is_grammar("root ::= \"a\""));
    CHECK(mkexe::grammar_place::all() == before);
}

TEST_CASE("JSON of more values than a body may have is refused") {
    CHECK(problem_of([] { common_json::parse("[0" + repeat(",0", mkexe::max_json_values) + "]"); }).find("values") !=
          std::string::npos);
    CHECK(problem_of([] { common_json::parse("{" + joined(30000, "\"p", "\":0") + "}"); }).find("members") !=
          std::string::npos);
    CHECK(common_json::parse("{" + joined(20000, "\"p", "\":0") + "}").size() == 20000);
    CHECK(mkexe::measure_json(R"({"a":{"b":1,"c":"::"},"d":[{"e":1},{"f":2}],"g":1})").search == 1 + (1 + 2));
}

TEST_CASE("schemas that would become such grammars are refused") {
    std::string chained;  // each refers to the next
    for (int i = 0; i < 1000; i++) {
        const auto next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
        chained +=
            (i ? "," : "") + std::string("\"d") + std::to_string(i) + R"(":{"type":"array","items":)" + next + "}";
    }
    const std::pair<const char *, std::string> cases[] = {
        { "values", R"({"enum":[)" + joined(100000, "\"v", "\"") + "]}" },
        { "schemas in all", R"({"type":"object","properties":{)" +
                                joined(15000, "\"p", R"(":{"type":"array","items":{"type":"array"}})") + "}}" },
        { "levels", R"({"$ref":"#/$defs/d0","$defs":{)" + chained + R"(,"d1000":{"type":"null"}}})" },
        { "levels", R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"$ref":"#/$defs/a"}}})" },
        { "levels",
          R"({"type":"object","additionalProperties":{},"properties":{")" + repeat("n", 20000) + R"(":{}}})" },
        { "names", R"({"type":[)" + joined(10000, "\"string", "\"") + "]}" },
    };
    for (const auto & [limit, schema] : cases) {
        const auto problem = problem_of([&schema = schema] { grammar_of(schema); });
        CHECK_MESSAGE(problem.find(limit) != std::string::npos, limit << ": " << problem);
    }
    CHECK(problem_of([] { grammar_of(R"({"type":"array","minItems":5,"maxItems":2})"); }).find("smaller") !=
          std::string::npos);
    CHECK(problem_of([] { grammar_of(R"({"type":"string","minLength":5,"maxLength":2})"); }).find("smaller") !=
          std::string::npos);
}

TEST_CASE("a schema with many optional members takes as many steps as it has members") {
    const auto few =
        grammar_of(R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}}})");
    CHECK(few.find("a-rest ::= ( \",\" space b-kv )? b-rest\n") != std::string::npos);
    CHECK(few.find("b-rest ::= ( \",\" space c-kv )?\n") != std::string::npos);
    CHECK(few.find("(a-kv a-rest | b-kv b-rest | c-kv )?") != std::string::npos);
    const auto many =
        grammar_of(R"({"type":"object","properties":{)" + joined(3000, "\"p", R"(":{"type":"null"})") + "}}");
    CHECK(is_grammar(many));
}

// Renders `text` as a template, with `number` as `n`.
static std::string render(const std::string & text, int64_t number = 0) {
    const auto     program = jinja::parse_from_tokens(jinja::lexer().tokenize(text));
    jinja::context context(text);
    context.set_val("n", jinja::mk_val<jinja::value_int>(number));
    jinja::runtime runtime(context);
    return jinja::runtime::gather_string_parts(runtime.execute(program))->as_string().str();
}

TEST_CASE("templates that nest, recurse or multiply too much are refused") {
    const std::string                          loop = "{% for i in range(100000) %}", end = "{% endfor %}";
    const std::pair<const char *, std::string> cases[] = {
        { "levels", "{{ " + repeat("(", 100000) + "1" + repeat(")", 100000) + " }}" },
        { "levels", "{{ " + repeat("[", 100000) },
        { "levels", "{{ " + repeat("not ", 100000) + "1 }}" },
        { "levels", "{{ n" + repeat("()", 100000) + " }}" },
        { "levels", "{{ " + repeat("1 if 1 else ", 100000) + "1 }}" },
        { "levels", repeat("{% if n %}", 100000) },
        { "levels", "{% if n %}" + repeat("{% elif n %}", 100000) },
        { "operators", "{{ 1" + repeat(" + 1", 100000) + " }}" },
        { "operators", "{{ n" + repeat(".a", 100000) + " }}" },
        { "levels", "{{ 1" + repeat(" + 1", 10000) + " }}" },
        { "levels", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}" },
        { "levels", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}" },
        { "numbers", "{{ range(1000000000) | length }}" },
        { "numbers", "{{ range(0, -1000000000, -1) | length }}" },
        { "steps", loop + loop + end + end },
        { "times", "{{ 'a' * 1000000000 }}" },
        { "times", "{{ 1000000000000 * 'a' }}" },
        { "bytes", "{% set s = namespace(t='a' * 1000) %}" + loop + "{% set s.t = s.t ~ s.t %}" + end },
        { "bytes", "{{ ('a' * 1000000) | replace('', 'b' * 1000000) }}" },
        { "bytes", "{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}" },
        { "spaces", "{{ 'a' | indent(1000000000) }}" },
        { "spaces", "{{ [1] | tojson(indent=1000000000) }}" },
        { "at a time", "{% set s = [" + repeat("range(100000),", 20) + "] %}" },
        { "levels", "{% set s = [] %}{% set _ = s.append(s) %}{{ s | tojson }}" },
        { "levels", "{% set s = [] %}{% set _ = s.append(s) %}{{ s | string }}" },
        { "",
          "{% set s = namespace(x=[]) %}{% for i in range(60) %}{% set s.x = [s.x, s.x] %}{% endfor %}{{ s.x | tojson "
          "}}" },
    };
    for (const auto & [limit, text] : cases) {
        const auto problem = problem_of([&text = text] { render(text); });
        CHECK(render("as ever") == "as ever");  // no work of the last rendering counts for the next one here
        const auto place = text.substr(0, 60);
        CHECK_MESSAGE((!problem.empty() && problem.find("another") == std::string::npos), place << ": " << problem);
        CHECK_MESSAGE(problem.find(limit) != std::string::npos, place << ": " << problem);
    }
}

TEST_CASE("what is prepared for a client that left is given up, within so many steps") {
    const std::string           loop = "{% for i in range(1000) %}", end = "{% endfor %}";
    int                         asked = 0;
    const std::function<bool()> left  = [&] {
        return ++asked > 1;
    };
    const mkexe::client_scope scope(left);
    CHECK(problem_of([&] { render(loop + loop + "{{ i }}" + end + end); }).find("the client left") !=
          std::string::npos);
    CHECK(asked == 2);
    asked = 0;
    CHECK_FALSE(is_grammar("root ::= " + repeat("(\"a\" | \"b\"){1,100} ", 500)));
    CHECK(asked == 2);
    asked = 0;
    CHECK(problem_of([] {
              grammar_of(R"({"type":"object","properties":{)" + joined(15000, "\"p", R"(":{"type":"null"})") + "}}");
          }).find("the client left") != std::string::npos);
    CHECK(asked == 2);
}

TEST_CASE("lists in lists end, however deep they are") {
    CHECK(render("{% set s = namespace(x=[]) %}{% for i in range(60000) %}{% set s.x = [s.x] %}{% endfor %}done") ==
          "done");
}

TEST_CASE("templates of a usual kind are rendered") {
    CHECK(render("{{ 'ab' * 3 }}") == "ababab");
    CHECK(render("{% for i in range(3) %}{{ i }}{% endfor %}") == "012");
    CHECK(render("{{ 'a-b--c' .split('-') | join(',') }}") == "a,b,,c");
    CHECK(render("{{ 'a-b-c'.split('-', 1) | join(',') }}") == "a,b-c");
    CHECK(render("{{ 'banana' | replace('an', 'x') }}") == "bxxa");
    CHECK(render("{{ 'ab' | replace('', '-') }}") == "-a-b-");
    CHECK(render("{{ [3, 1, 2] | sort | join('') }}") == "123");
    CHECK(render("{% macro m(k) %}{% if k > 0 %}{{ k }}{{ m(k - 1) }}{% endif %}{% endmacro %}{{ m(30) }}").size() ==
          51);
    CHECK(problem_of([] { render("{{ 1 is divisibleby(n) }}"); }).find("another") == 0);
}

static const std::string id = "0123-abcd";

static std::string chat_with(const std::string & member) {
    return R"({"title":"One","messages":[],"more":)" + member + "}";
}

TEST_CASE("a chat is written with about as many bytes as it has") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    const auto             text = chat_with(repeat("[", 190) + "1" + repeat(",1", 100000) + repeat("]", 190));
    REQUIRE(store.write(id, text, "*").error == chat_error::none);
    CHECK(std::filesystem::file_size(folder.path() + "/" + id + ".json") < text.size() + 1000);
    CHECK(nlohmann::json::parse(store.read(id).text)["more"] == nlohmann::json::parse(text)["more"]);
}

TEST_CASE("a chat's members and its messages' members have lines of their own") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    store.write(id, R"({"title":"One","messages":[{"id":"m","attachments":[{"name":"n"}]}],"empty":{}})", "*");
    CHECK(store.read(id).text ==
          "{\n \"title\": \"One\",\n \"messages\": [\n  {\n   \"id\": \"m\",\n   \"attachments\": "
          "[{\"name\":\"n\"}]\n  }\n ],\n \"empty\": {},\n \"format\": 1,\n \"id\": \"0123-abcd\"\n}\n");
}

TEST_CASE("a chat that nests too deep, or is too large as it would be written, is refused with a sentence") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    const auto             deep = store.write(id, chat_with(nested(40000)), "*");
    CHECK(deep.error == chat_error::bad_chat);
    CHECK(deep.text.find("40001") != std::string::npos);
    CHECK(store.write(id, std::string(chat_store::max_bytes + 1, ' '), "*").error == chat_error::too_large);
    // a separate line for each of 20 million numbers in "messages"
    const auto wide = store.write(id, R"({"title":"","messages":[0)" + repeat(",0", 20000000) + "]}", "*");
    CHECK(wide.error == chat_error::too_large);
    CHECK(wide.text.find("would be written as") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/" + id + ".json"));
}

TEST_CASE("a chat's file that nests deep is not in the list and stays where it is") {
    const temporary_folder folder;
    chat_store             store(folder.path());
    std::ofstream(folder.path() + "/damaged-1.json") << chat_with(nested(100000));
    CHECK(store.list("") == R"({"chats":[]})");
    CHECK(std::filesystem::exists(folder.path() + "/damaged-1.json"));
}

TEST_CASE("whether a folder takes files is told without making any") {
    const temporary_folder folder;
    CHECK(problem_of_writing_in(folder.path()) == "");
    CHECK(problem_of_writing_in(folder.path() + "/not/yet/there/") == "");
    CHECK(std::filesystem::is_empty(folder.path()));
    std::ofstream(folder.path() + "/file") << "";
    CHECK(problem_of_writing_in(folder.path() + "/file") == folder.path() + "/file: Not a directory");
    CHECK(problem_of_writing_in(folder.path() + "/file/chats") == folder.path() + "/file/chats: Not a directory");
    std::filesystem::create_symlink("nowhere", folder.path() + "/link");
    CHECK(problem_of_writing_in(folder.path() + "/link") == folder.path() + "/link: No such file or directory");
    CHECK(problem_of_writing_in("") != "");
}
