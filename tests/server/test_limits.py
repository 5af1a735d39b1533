"""What one request, grammar, schema or template may ask for: above it a sentence answers, and all others go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asking import FRANCE, PARIS
from support.raw_http import request, sent
from support.running import Running

QUESTION = {"messages": [{"role": "user", "content": FRANCE}], "temperature": 0}
DEEP = 100_000
JUST_TOO_DEEP = 200  # and the braces around it
TEMPLATE = """
{%- macro again() %}{{ again() }}{% endmacro -%}
{%- set content = messages[-1].content -%}
{%- if content == 'macro' %}{{ again() }}
{%- elif content == 'range' %}{{ range(1000000000) | length }}
{%- elif content == 'loops' %}{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}
{%- elif content == 'text' %}{{ 'a' * 1000000000 }}
{%- elif content == 'doubled' %}{% set s = namespace(t='a') %}
  {%- for i in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}
{%- elif content == 'itself' %}{% set s = [] %}{% set _ = s.append(s) %}{{ s | tojson }}
{%- else %}{{ content }}{% endif -%}
"""


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running([str(artifact)], tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(autouse=True)
def others_are_answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the server answers as ever."""
    yield
    if "server" in request.fixturenames:
        running: Running = request.getfixturevalue("server")
        assert running.get("/health")[0] == 200
        assert running.ask(FRANCE) == PARIS


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def refused(running: Running, path: str, body: str, **headers: str) -> str:
    """The sentence of a 400."""
    status, answer = running.post_text(path, body, headers)
    assert status == 400, (path, status, answer)
    return str(answer["error"]["message"])


def chat(**members: object) -> dict[str, Any]:
    return QUESTION | members


@pytest.mark.parametrize("levels", [JUST_TOO_DEEP, DEEP])
@pytest.mark.parametrize(
    "path",
    [
        "/completion", "/v1/completions", "/v1/chat/completions", "/v1/responses", "/v1/messages",
        "/v1/messages/count_tokens", "/tokenize", "/detokenize", "/apply-template", "/v1/chat/completions/control",
        "/v1/streams/lookup", "/lora-adapters",
    ],
)  # fmt: skip
def test_a_body_that_nests_too_deep_is_refused_with_limit_and_found(server: Running, path: str, levels: int) -> None:
    message = refused(server, path, '{"input": ' + nested(levels) + "}")
    assert f"JSON of {levels + 1} levels: at most 200 are possible" in message


@pytest.mark.parametrize("member", ["tools", "chat_template_kwargs", "json_schema", "response_format", "messages"])
def test_each_member_of_a_chat_request_is_bounded(server: Running, member: str) -> None:
    body = json.dumps(chat())[:-1] + f', "{member}": ' + nested(DEEP) + "}"
    assert "at most 200" in refused(server, "/v1/chat/completions", body)


def test_json_in_a_string_is_bounded_where_it_is_parsed(server: Running) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":' + nested(DEEP) + "}"}}
    asked = {"role": "user", "content": "a"}
    messages = [asked, {"role": "assistant", "tool_calls": [call]}, asked]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    status, answer = server.post_text("/v1/chat/completions", json.dumps(chat(messages=messages, tools=tools)))
    assert status in (200, 400), answer  # a template may take arguments as text
    if status == 400:
        assert "at most 200" in answer["error"]["message"]


def test_brackets_in_a_text_are_no_levels(server: Running) -> None:
    body = QUESTION | {"messages": [{"role": "user", "content": "[" * 300}], "max_tokens": 1}
    assert server.post("/v1/chat/completions", body)[0] == 200
    metadata = json.dumps(chat())[:-1] + ', "metadata": ' + nested(150) + "}"
    assert server.post_text("/v1/chat/completions", metadata)[0] == 200


def chain(count: int, rule: Callable[[str], str]) -> str:
    rules = [f"r{i} ::= {rule(f'r{i + 1}')}" for i in range(count)]
    return "\n".join(["root ::= r0", *rules, f'r{count} ::= "a"'])


GRAMMARS = {
    "parentheses": "root ::= " + "(" * 20_000 + '"a"' + ")" * 20_000,
    "bytes": 'root ::= "' + "a" * 2_000_000 + '"',
    "alternatives": "root ::= " + " | ".join(['"a"'] * 100_000),
    "elements": 'root ::= "' + "a" * 10_000 + '"{1000}',
    "begin with each other": chain(20_000, str),
    "a choice": chain(40, lambda following: f'{following} "a" | {following} "b"'),
    "failed to parse": 'root ::= "a"{5,2}',
}


@pytest.mark.parametrize("limit", GRAMMARS)
def test_a_grammar_that_would_end_or_block_the_server_is_refused(server: Running, limit: str) -> None:
    message = refused(server, "/completion", json.dumps({"prompt": "a", "grammar": GRAMMARS[limit], "n_predict": 1}))
    assert limit in message


def members(count: int, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{i}": schema for i in range(count)}}


SCHEMAS: dict[str, dict[str, Any]] = {
    "values": {"enum": [f"v{i}" for i in range(100_000)]},
    "a grammar": members(5_000, {"type": "array", "items": {"type": "string"}}),
    "schemas in all": members(15_000, {"type": "array", "items": {"type": "array"}}),
    "levels": {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/a"}}},
    "a name": {"type": "object", "properties": {"n" * 20_000: {}}, "additionalProperties": {}},
    "smaller than": {"type": "array", "items": {"type": "string"}, "minItems": 5, "maxItems": 2},
}


@pytest.mark.parametrize("limit", SCHEMAS)
@pytest.mark.parametrize("path", ["/completion", "/v1/chat/completions"])
def test_a_schema_that_becomes_such_a_grammar_is_refused(server: Running, path: str, limit: str) -> None:
    asked = {"prompt": "a"} if path == "/completion" else QUESTION
    message = refused(server, path, json.dumps(asked | {"json_schema": SCHEMAS[limit], "max_tokens": 1}))
    assert limit in message


def test_a_schema_of_usual_size_is_followed(server: Running) -> None:
    values = [f"word {i}" for i in range(1_000)]
    _, _, answer = server.post("/v1/chat/completions", chat(json_schema={"enum": values}, max_tokens=100))
    assert json.loads(json.loads(answer)["choices"][0]["message"]["content"]) in values


def test_a_grammar_that_no_token_can_follow_ends_its_own_answer(server: Running) -> None:
    body = {"prompt": "a", "grammar": r'root ::= "a" [\U0010FFFE] "b"', "n_predict": 20}
    assert server.post("/completion", body)[0] in (200, 400)


def completion(**members: object) -> str:
    return json.dumps({"prompt": "a", "n_predict": 2} | members)


@pytest.mark.parametrize(
    ("type_", "value", "limit"),
    [
        (1, "a" * 100_000, "bytes"),
        (2, "a", "use a word"),
        (3, "(a*)*b", "use a word"),
        (4, "a", "found 4"),
        (-1, "a", "found -1"),
    ],
)
def test_what_starts_a_grammar_is_bounded(server: Running, type_: int, value: str, limit: str) -> None:
    triggers = [{"type": type_, "value": value}]
    body = completion(grammar='root ::= "a"', grammar_lazy=True, grammar_triggers=triggers)
    assert limit in refused(server, "/completion", body)


def test_a_word_starts_a_grammar_in_the_midst_of_an_answer(server: Running) -> None:
    """The word is that of an answer without a grammar; from there on the grammar decides."""
    asked = {"prompt": "What is", "n_predict": 40, "temperature": 0}
    plain = json.loads(server.post("/completion", asked)[2])["content"]
    word = max(filter(str.isalpha, plain.split()), key=len)
    lazy = {"grammar": f'root ::= "{word}" "XYZ"', "grammar_lazy": True}
    body = asked | lazy | {"grammar_triggers": [{"type": 1, "value": word}]}
    answer = json.loads(server.post("/completion", body)[2])["content"]
    assert answer == plain[: plain.index(word)] + word + "XYZ"


SETTINGS: dict[str, dict[str, Any]] = {
    "1000 are possible": {"stop": ["a"] * 1001},
    "65536 are possible": {"stop": ["a" * 70_000]},
    "64 are possible": {"dry_sequence_breakers": ["a"] * 100_000},
    "samplers": {"samplers": ["top_k"] * 100_000},
    "logit_bias": {"logit_bias": [[1, 1]] * 100_000},
    "prompts": {"prompt": ["a"] * 100_000},
    "8388608 are possible": {"prompt": "a" * 9_000_000},
    "for all its prompts": {"prompt": ["a"] * 2000, "grammar": 'root ::= "' + "a" * 200_000 + '"'},
    "chat format": {"chat_format": 99},
}


@pytest.mark.parametrize("limit", SETTINGS)
def test_settings_that_would_block_the_server_are_refused(server: Running, limit: str) -> None:
    assert limit in refused(server, "/completion", completion(**SETTINGS[limit]))


@pytest.mark.parametrize("path", ["/completion", "/tokenize", "/v1/messages", "/v1/responses", "/apply-template"])
@pytest.mark.parametrize(
    "body", ["{", "[]", "5", "", '{"a": "\\ud800"}', '{"a": 1e999}', '{"a":' + "1" * 100_000 + "}"]
)
def test_wrong_json_is_the_request_s_fault(server: Running, path: str, body: str) -> None:
    if (path, body) != ("/tokenize", "[]"):
        status, answer = server.post_text(path, body)
        assert (status == 400 and len(answer["error"]["message"]) < 2000) or (path, status) == ("/tokenize", 200), (
            answer
        )


def test_json_of_many_values_is_refused(server: Running) -> None:
    assert "values" in refused(server, "/completion", '{"prompt": "a", "x": [' + "0," * 5_000_000 + "0]}")
    many = json.dumps({f"{number}": 0 for number in range(100_000)})
    assert "members" in refused(server, "/completion", '{"prompt": "a", "x": ' + many + "}")


def test_samplers_look_back_no_further_than_any_text_goes(server: Running) -> None:
    most = 2**31 - 1
    asked = {"repeat_last_n": most, "repeat_penalty": 1.1, "dry_penalty_last_n": most, "dry_multiplier": 0.8}
    status, answer = server.post_text("/completion", completion(**asked))
    assert status == 200
    kept = answer["generation_settings"]
    assert [kept["repeat_last_n"], kept["dry_penalty_last_n"]] == [2**20, 2**20]


def test_an_answer_keeps_so_many_probabilities_and_no_more(server: Running) -> None:
    asked = {"n_probs": 1_000_000_000, "n_predict": 1500, "ignore_eos": True}
    assert "probabilities" in refused(server, "/completion", completion(**asked))


def test_grammars_take_so_much_room_and_no_more(server: Running) -> None:
    """All of one request's are there before the first of them is followed."""
    large = 'root ::= ("a" | "b"){2,2000} ' + "".join(f'("{"c" * 200}" | "{number}"){{2,9}} ' for number in range(200))
    status, answer = server.post_text("/completion", completion(prompt=["a"] * 1000, grammar=large))
    assert (status, answer["error"]["type"]) == (503, "unavailable_error")
    assert "grammars" in answer["error"]["message"]
    assert server.post_text("/completion", completion(grammar=large))[0] == 200


def test_a_template_is_not_rendered_for_a_client_that_left(artifact: Path, tmp_path: Path) -> None:
    start = ("--port", "0", "--no-browser", "--chat-template", TEMPLATE)
    log = tmp_path / ".local/state/mkexe/tiny.log"
    with Running([str(artifact)], tmp_path, start) as running:
        body = {"messages": [{"role": "user", "content": "loops"}]}
        for _ in range(20):  # one that leaves late gets its sentence
            with sent(running, request("POST", "/v1/chat/completions", body)):
                pass
        assert refused(running, "/v1/chat/completions", json.dumps(body))
        assert "the client left" in log.read_text()


@pytest.fixture
def token(server: Running) -> str:
    return str(server.json("/mkexe/session")["token"])


def test_a_small_chat_stays_small(server: Running, token: str) -> None:
    headers = {"X-Mkexe-Token": token, "If-Match": "*"}
    asked = '{"title": "", "messages": [], "more": ' + "[" * 150 + "1" + ",1" * 40_000 + "]" * 150 + "}"
    status, answer = server.post_text("/mkexe/chats/small-chat", asked, headers)
    assert status == 200, answer
    written = server.get("/mkexe/chats/small-chat", headers)[2]
    assert len(written) < len(asked) + 1000
    assert json.loads(written)["more"] == json.loads(asked)["more"]
    server.post("/mkexe/chats/small-chat", None, headers, "DELETE")


def test_a_chat_that_nests_too_deep_is_refused(server: Running, token: str) -> None:
    asked = '{"title": "", "messages": ' + nested(40_000) + "}"
    message = refused(server, "/mkexe/chats/deep-chat", asked, **{"X-Mkexe-Token": token, "If-Match": "*"})
    assert "200 levels" in message
    assert "40001" in message


def test_a_folder_that_takes_no_chats_is_told_at_the_time_of_asking(artifact: Path, tmp_path: Path) -> None:
    """A file is in the place of the folder: that stops root too."""
    with Running([str(artifact)], tmp_path) as running:
        session = running.json("/mkexe/session")
        assert session["chats"] == "folder"
        folder = Path(session["chats_folder"])
        assert not folder.exists()
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("in the way")
        session = running.json("/mkexe/session")
        assert session["chats"] == "none"
        assert session["chats_folder"] == str(folder)
        assert session["chats_problem"] == f"{folder}: Not a directory"
        folder.unlink()
        session = running.json("/mkexe/session")
        assert (session["chats"], session["chats_problem"]) == ("folder", "")


def test_a_chat_s_file_that_cannot_be_read_is_not_said_to_be_absent(artifact: Path, tmp_path: Path) -> None:
    with Running([str(artifact)], tmp_path) as running:
        session = running.json("/mkexe/session")
        headers = {"X-Mkexe-Token": session["token"]}
        large = Path(session["chats_folder"], "large-chat.json")
        large.parent.mkdir(parents=True, exist_ok=True)
        with large.open("wb") as file:
            file.truncate((64 << 20) + 1)
        status, _, body = running.get("/mkexe/chats/large-chat", headers)
        error = json.loads(body)["error"]
        assert (status, error["type"]) == (413, "too_large")
        assert error["message"] == f"{large}: a chat can have at most 64 MiB, this one has 67108865 bytes"
        large.unlink()
        assert running.get("/mkexe/chats/large-chat", headers)[0] == 404
        large.mkdir()
        status, _, body = running.get("/mkexe/chats/large-chat", headers)
        assert (status, json.loads(body)["error"]["type"]) == (500, "not_read")


def test_templates_are_bounded_and_the_start_goes_on(artifact: Path, tmp_path: Path) -> None:
    start = ("--port", "0", "--no-browser", "--chat-template", TEMPLATE)
    with Running([str(artifact)], tmp_path, start) as running:
        for content in ("macro", "range", "loops", "text", "doubled", "itself"):
            body = {"messages": [{"role": "user", "content": content}], "max_tokens": 1}
            message = refused(running, "/v1/chat/completions", json.dumps(body))
            assert "at most" in message, content
        body = {"messages": [{"role": "user", "content": "as ever"}], "max_tokens": 1}
        assert running.post("/v1/chat/completions", body)[0] == 200
        assert running.get("/health")[0] == 200
