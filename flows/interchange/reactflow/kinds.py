"""Which kind of ours a React Flow node is: types are each application's own, so the words in them decide."""

import re
from collections.abc import Mapping
from functools import lru_cache

from flows.document.kinds.kinds import KINDS
from flows.interchange.foreign_json import as_object, as_text, first_text

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BY_WORD = {
    word: kind
    for kind, words in {
        "note": "note comment sticky annotation markdown remark",
        "group": "group subflow section container lane",
        "decision": "decision condition conditional if else switch router branch classifier",
        "loop": "loop iteration iterate foreach repeat",
        "sensor": "trigger webhook cron schedule listener subscription",
        "input": "input start textfields upload",
        "output": "output end finish response inspect result",
        "api": "http api request rest fetch endpoint graphql",
        "memory": "memory vector store vectorstore database db retriever embedding embeddings cache document",
        "agent": "agent llm prompt chat model openai anthropic claude gpt ollama gemini mistral chain assistant",
        "skill": "tool function code skill script python javascript evaluator evalnode executor",
    }.items()
    for word in words.split()
}
_PROVIDERS = {
    "openai": "openai",
    "gpt": "openai",
    "anthropic": "anthropic",
    "claude": "anthropic",
    "ollama": "ollama",
    "huggingface": "huggingface",
}


def kind_of(type: str, data: Mapping[str, object]) -> str:
    """Return the kind that a node's type and data mean, `transform` if they say nothing."""
    own = data.get("kind")
    if isinstance(own, str) and own in KINDS:
        return own
    if type in KINDS:
        return type
    of_data = [as_text(data.get(name)) for name in ("name", "type", "category")]
    for text in (*of_data, type) if "baseClasses" in data or "node" in data else (type, *of_data[1:]):
        if kind := _by_words(text):
            return kind
    return "transform"


def settings_of(kind: str, data: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of ours that the data holds under usual names."""
    inputs = as_object(data.get("inputs"))
    template = as_object(as_object(data.get("node")).get("template"))

    def find(*names: str) -> object:
        for name in names:
            for held in (data.get(name), inputs.get(name), as_object(template.get(name)).get("value")):
                if isinstance(held, (str, int, float)) and not isinstance(held, bool) and held != "":
                    return held
        return None

    found: dict[str, object] = {}
    match kind:
        case "agent":
            found = {
                "model": _template(find("model", "modelName", "model_name")),
                "system_prompt": _template(
                    find("systemMessagePrompt", "system_prompt", "systemPrompt", "system_message")
                ),
                "temperature": _number(find("temperature")),
                "max_tokens": _whole(find("maxTokens", "max_tokens", "maxOutputTokens")),
                "provider": _provider(first_text(data.get("name"), data.get("type"))),
            }
        case "api":
            method = find("method", "httpMethod")
            found = {
                "url": _template(find("url", "endpoint")),
                "method": method.upper() if isinstance(method, str) else None,
            }
        case "skill":
            found = {"code": find("code", "func", "javascriptFunction", "script")}
        case "note":
            found = {"text": note_text(data)}
    return found


def note_text(data: Mapping[str, object]) -> str:
    """Return what a note says."""
    node = as_object(data.get("node"))
    return first_text(
        data.get("text"), data.get("content"), data.get("note"), data.get("markdown"), node.get("description")
    )


def _by_words(text: str) -> str:
    return _by_first_words(text[:200])


@lru_cache(maxsize=1024)
def _by_first_words(text: str) -> str:
    words = [word.lower() for word in _WORDS.findall(text)]
    return next((kind for word in (text.lower(), *reversed(words)) if (kind := _BY_WORD.get(word))), "")


def _provider(name: str) -> str | None:
    lowered = name.lower()
    return next((provider for sign, provider in _PROVIDERS.items() if sign in lowered), None)


def _template(value: object) -> object:
    """Leave out text whose braces mean something else to us."""
    return None if isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value) else value


def _number(value: object) -> object:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value


def _whole(value: object) -> object:
    number = _number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number
