"""The texts that the built-in model writes: a word of several, lines, a number, JSON, a short version, a reply."""

import json
import re
from collections.abc import Sequence
from hashlib import sha256

from flows.expressions import Json
from runs.providers.builtin.choosing import choose, offered
from runs.providers.builtin.reading import Reading, sentences, words

_ONE = re.compile(r"\bone (?:word|topic|of)\b|\bonly the\b|\bword alone\b|\bnothing else\b", re.IGNORECASE)
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_COUNT = re.compile(
    rf"\b({'|'.join(_COUNTS)}|\d{{1,2}})\s+(?!an?\s)(?:\w+\s+){{0,2}}(?:sentence|line|reason|angle|interest|point|cause|change)s?\b",
    re.IGNORECASE,
)
_SCALE = re.compile(r"\bfrom (\d+) to (\d+)\b", re.IGNORECASE)
_LISTED = re.compile(
    r"\b(?:list|give|with|extract|name)\s+([^.:]+?)(?:\s+of\b|\s+as\s+JSON|\s+for\b|[.:]|$)", re.IGNORECASE
)
_LISTS = re.compile(
    r"\b(?:a line|list|outline|plan the|name (?:up to|the (?:two|three|four|five|most))|angles|bullet|steps)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(r"\b(?:translate|correct|proofread|rewrite|improve|polish)\b", re.IGNORECASE)
_SHORTENS = re.compile(r"\b(?:sum(?:s)? up|summar\w+|shorten|minutes|condense|brief|tl;dr)\b", re.IGNORECASE)
_REPLIES = re.compile(r"\b(?:reply|respond|friendly|mail|letter|post for)\b", re.IGNORECASE)
_MOODS = {1: "great good fast friendly thanks love better", -1: "late bad broken confusing terrible weeks slow worse"}
_STOPS = frozenset(words("the a an is are was were and or to of in on at for with it i my your you we this that"))
_VALUE = re.compile(r"[\w-]+: \S+|-?[\d.]+")
MODEST = "This is the built-in test model: it knows nothing. Choose a provider for real answers."


def written(prompt: str, reading: Reading) -> str:
    """Return what answers a prompt over a text; without one, the text says what is wanted."""
    said = prompt or reading.text
    if options := offered(said):
        return _chosen(options, said, reading)
    return next(rule(said, reading) for sign, rule in _RULES if sign.search(said))


def shortened(text: str, most: int) -> str:
    """Return the sentences of a text that carry most of its words, in order, shorter than the text."""
    found = sentences(text)
    counts: dict[str, int] = {}
    for word in words(text):
        if word not in _STOPS:
            counts[word] = counts.get(word, 0) + 1
    worth = {one: sum(counts.get(word, 0) for word in set(words(one))) + min(len(one), 120) / 40 for one in found}
    keep = set(sorted(found, key=lambda one: (-worth[one], found.index(one)))[: max(1, min(most, len(found) - 1))])
    short = " ".join(one if one[-1] in ".!?" else f"{one}." for one in found if one in keep)
    return f"{short[:600].rpartition(' ')[0]} …" if len(short) > 600 else short or MODEST


def count(prompt: str, default: int) -> int:
    """Return how many sentences, lines or points a prompt wants."""
    found = _COUNT.search(prompt)
    if not found:
        return default
    word = found.group(1).lower()
    return max(1, _COUNTS.get(word) or int(word))


def _chosen(options: Sequence[str], prompt: str, reading: Reading) -> str:
    text, word = reading.focus, choose(options, reading.text, prompt)
    if _ONE.search(prompt):
        return word
    others = {option.lower() for option in options}
    why = [one for one in sentences(text) if not any(other in one.lower() for other in others)]
    return f"{word}: {' '.join(why[: count(prompt, 2)])}" if why else f"{word}."


def _rated(prompt: str, reading: Reading) -> str:
    scale, text = _SCALE.search(prompt), reading.focus
    low, high = (int(scale.group(1)), int(scale.group(2))) if scale else (1, 5)
    digest = int.from_bytes(sha256(text.encode()).digest()[:4])
    rate = low + digest % max(1, high - low + 1)
    reasons = sentences(text)[: count(prompt, 2)]
    return "\n".join([str(rate), *(f"- {reason}" for reason in reasons)])


def _json(prompt: str, reading: Reading) -> str:
    return json.dumps(_object(prompt, reading), ensure_ascii=False)


def _object(prompt: str, reading: Reading) -> Json:
    keys = _keys(prompt) or ["text"]
    if re.search(r"\beach (?:line|item|part)\b", prompt, re.IGNORECASE):
        return [_filled(keys, Reading(line, {}), line=line) for line in reading.text.splitlines()[:100]]
    return _filled(keys, reading)


def _keys(prompt: str) -> list[str]:
    found = _LISTED.search(prompt)
    text = re.sub(r"\([^)]*\)", "", found.group(1)) if found else ""
    names = [words(part)[-1:] for part in re.split(r",|\band\b|\bor\b|\bund\b|\by\b", text)]
    return [name for part in names for name in part][:20]


def _filled(keys: Sequence[str], reading: Reading, line: str = "") -> dict[str, Json]:
    made: dict[str, Json] = {"text": line} if line else {}
    for key in keys:
        said = words(reading.text)
        if key in reading.values:
            made[key] = reading.values[key]
        elif key in ("mood", "sentiment"):
            made[key] = sum(sign for sign, hints in _MOODS.items() if set(hints.split()) & set(said))
        elif found := re.search(rf"\b{re.escape(key)}\w*\W+(-?\d+(?:\.\d+)?|\w+)", reading.text, re.IGNORECASE):
            made[key] = found.group(1)
        else:
            topics = (word for word in said if word not in _STOPS)
            made[key] = max(topics, key=len, default=None) if key in ("topic", "subject", "category") else None
    return made


def _parts(text: str) -> list[str]:
    """Return the lines of a text, each once, or its sentences; what is only a value comes last."""
    lines = list(dict.fromkeys(line for line in text.splitlines() if line.strip()))
    parts = lines if len(lines) > 1 else sentences(text)
    return sorted(parts, key=lambda part: bool(_VALUE.fullmatch(part)))


def _kept(prompt: str, reading: Reading) -> str:
    return reading.focus


def _lined(prompt: str, reading: Reading) -> str:
    return "\n".join(_parts(reading.focus)[: count(prompt, 5)]) or MODEST


def _short(prompt: str, reading: Reading) -> str:
    return shortened(reading.focus, count(prompt, 3))


def _reply(prompt: str, reading: Reading) -> str:
    said = sentences(reading.focus)
    topic = max((one for one in said if not _VALUE.fullmatch(one)), key=len, default="".join(said[:1]))
    about = f" You wrote: “{topic[:200]}”" if topic else ""
    return f"Thank you for your message.{about} We will look into it and come back to you. {MODEST}"


def _answer(prompt: str, reading: Reading) -> str:
    text = reading.text
    questions = [one for one in sentences(text) if one.endswith("?")]
    asked = set(words(questions[0] if questions else prompt)) - _STOPS
    known = [one for one in sentences(text) if one not in questions]
    best = sorted(known, key=lambda one: (-len(asked & set(words(one))), known.index(one)))
    if best and asked & set(words(best[0])):
        return " ".join(best[: min(2, count(prompt, 1))])
    if questions:
        return f"You asked: {questions[0]} {MODEST}"
    return shortened(text, count(prompt, 2)) if known else MODEST


_RULES = (
    (re.compile(r"\bJSON\b"), _json),
    (_SCALE, _rated),
    (_KEEPS, _kept),
    (_LISTS, _lined),
    (_SHORTENS, _short),
    (_REPLIES, _reply),
    (re.compile(""), _answer),
)
