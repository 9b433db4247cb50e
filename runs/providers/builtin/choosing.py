"""How the built-in model picks one of several words: those a prompt offers, or those of a schema.

A word that stands in the text counts most, then words that speak for it. What nothing speaks for falls to the one that
a prompt names for doubt, then to the one that does least harm.
"""

import re
from collections.abc import Sequence

from runs.providers.builtin.reading import words

_WORD = r"\b[^\W\d_][\w-]{0,60}"
_OR = r"(?:or|oder|o|ou|und|and)"
_LIST = re.compile(
    rf"(?:\b(?:say|answer|reply|return|choose|pick|write|with|either|sage|antworte|di|responde)\s+|:\s*|\bone of:?\s+)"
    rf"[\"'“]?({_WORD}[\"'”]?(?:, [\"'“]?{_WORD}[\"'”]?)*,? {_OR} [\"'“]?{_WORD})",
    re.IGNORECASE,
)
_BARS = re.compile(rf"({_WORD}(?:\s*\|\s*{_WORD})+)")
_SAY = re.compile(rf"\bsay\s+({_WORD})\s+(?:if|when|whenever|first|for)\b|\b(?:else|otherwise)\s+say\s+({_WORD})", re.I)
_DOUBT = re.compile(rf"\b({_WORD})\s+(?:whenever|when|if)\s+(?:in\s+doubt|unsure)", re.IGNORECASE)
_NO_OPTIONS = frozenset({"so", "in", "it", "which", "what", "where", "how", "one", "why"})
MOST = 50

_HINTS = {
    "urgent": "urgent urgently immediately asap down outage broken emergency cannot stopped fire now critical",
    "emergency": "urgent chest pain breath bleeding unconscious stroke emergency severe",
    "today": "fever worse swollen vomiting since",
    "routine": "checkup prescription certificate mild",
    "refund": "refund money back return returned charged twice reimburse cancel",
    "complaint": "complain complaint angry bad terrible disappointed late rude worst unacceptable",
    "order": "order parcel delivery shipped tracking arrive package",
    "question": "how where what why when which who can could",
    "reply": "can could you please question meet answer when",
    "forward": "colleague forward department invoice team",
    "archive": "newsletter notification unsubscribe receipt fyi",
    "calculate": "calculate percent sum plus minus times divided much many average total",
    "request": "fetch look search web weather current news price http https url",
    "remember": "remember last earlier recall before told",
    "worse": "late slow confusing bad broken terrible weeks worse",
    "better": "great good fast friendly thanks love better excellent",
    "large": "large exceeds huge over",
    "drifting": "drifting drift deviates wrong off",
    "block": "stolen blocked fraud blacklist",
    "hold": "suspicious unusual new foreign",
    "decline": "none missing lacks unsuitable",
    "invite": "years experience excellent strong",
    "revise": "unproven claim wrong missing",
    "high": "high urgent critical severe",
    "low": "low minor mild",
    "positive": "great good fast friendly thanks love better excellent happy",
    "negative": "late slow confusing bad broken terrible worse angry",
}
_MILD = ("same", "none", "steady", "pass", "ok", "question", "answer", "reply", "hold", "normal", "neutral", "medium")


def offered(prompt: str) -> list[str]:
    """Return the words of which a prompt wants one, in their order; none if it wants no such thing."""
    for pattern in (_LIST, _BARS):
        if found := pattern.search(prompt):
            options = re.findall(_WORD, re.sub(rf"\s{_OR}\s", " , ", found.group(1)))
            if 1 < len(options) <= MOST and not _NO_OPTIONS & set(map(str.lower, options)):
                return list(dict.fromkeys(options))
    said = [first or second for first, second in _SAY.findall(prompt)]
    options = list(dict.fromkeys(word.lower() for word in said if word.lower() not in _NO_OPTIONS))
    return options if 1 < len(options) <= MOST else []


def choose(options: Sequence[str], text: str, prompt: str = "") -> str:
    """Return the option that a text speaks for."""
    said = words(text)
    points = [_points(option.lower(), said) for option in options]
    if (most := max(points)) > 0:
        return options[points.index(most)]
    doubt = _DOUBT.search(prompt)
    for mild in (*([doubt.group(1).lower()] if doubt else ()), *_MILD):
        if found := [option for option in options if option.lower() == mild]:
            return found[0]
    return options[0]


def _points(option: str, said: Sequence[str]) -> int:
    own = set(words(option.replace("_", " "))) or {option}
    hints = set(_HINTS.get(option, "").split()) - own
    return 3 * sum(word in own for word in said[:2_000]) + len(hints.intersection(said))
