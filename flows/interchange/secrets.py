"""Keep passwords, keys and tokens of a file out of the flow.

Two ways to find one: by name (`password`, `x-api-key`, `{"name": "Authorization", "value": …}`), where the value goes,
and by shape (`Bearer …`, `sk-…`, `https://user:password@host`), where only that part of the text goes. A reference to
a value elsewhere (`{{ $json.token }}`) is no secret. The walk needs no recursion, and every pattern is bounded, so the
work is in proportion to the file. Most of a file has no word of a secret in it: one look at a value's JSON spares the
walk. Nothing that was found is ever told, only that there was something.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import orjson
from django.utils.translation import gettext

from flows.interchange.budget import Budget
from flows.interchange.report import Report

MASK = "***"

_SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|passcode|secrets?|credentials?|authorization|bearer|cookies?|jwt|tokens?"
    r"|(?:api|access|private|secret|account|shared|encryption|signing|master|auth|subscription|license|ssh|hmac"
    r"|function|functions|consumer|storage|client|deploy|write|admin)keys?|accesskeyid)(?:value|text|string)?"
)
_COUNTED_TOKEN = re.compile(
    r"(?:max|min|num|page|eos|bos|pad|unk|sep|cls|mask|stop|sync|start|end|count|prompt|completion|total|new"
    r"|cancellation|design|output|input|used|per|context|special|thinking|reasoning|budget)tokens?"
)
_SHORT_NAMES = {"pass", "pwd"}
_EVEN_AS_NUMBER = ("password", "passwd", "passcode", "secret", "pass", "pwd", "apikey")
_HELD_WHOLE = re.compile(r"(?:secrets?|credentials?|authorization|cookies?)")
_PAIRS = (
    *(
        (name, value)
        for name in ("name", "key", "keyValue", "keyType", "header", "field")
        for value in ("value", "valueValue", "v", "default", "data")
    ),
    ("p", "to"),
)
_PAIRED = frozenset(value for _name, value in _PAIRS)
_VALUE_KEYS = ("value", "default", "data", "text", "content")
_IDENTIFIER = re.compile(r"[\w.$\[\]-]{1,80}")
_SECRET_TYPES = {"password", "cred", "secret", "secretstr", "SecretStrInput"}

_WORD_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE = re.compile(r"\{\{[^{}]{0,4000}\}\}|\$\{[^{}]{0,1000}\}")
_SCHEME_WORDS = re.compile(r"(?i)\b(?:bearer|basic|token|apikey)\b")

_KEY_SHAPE = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]|-(?!----END))*+(?:-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
    r"|(?<![\w-])(?:"
    r"(?:sk|pk|rk)_(?:live|test)_\w{8,256}|whsec_\w{16,256}"
    r"|gh[opusr]_\w{16,256}|github_pat_\w{20,256}|glpat-[\w-]{16,256}"
    r"|xox[abeoprs]-[\w-]{10,256}|xapp-[\w-]{10,256}"
    r"|A(?:KI|SI)A[0-9A-Z]{16}(?!\w)|AIza[\w-]{30,64}|ya29\.[\w-]{16,512}"
    r"|eyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{8,4096}"
    r"|SG\.[\w-]{16,64}\.[\w-]{16,64}|npm_\w{30,64}|pypi-[\w-]{30,512}|hf_\w{20,64}|gsk_\w{20,128}|r8_\w{20,64}"
    r"|xai-\w{20,256}|dop_v1_\w{32,128}|shp(?:at|ss|ca|pa)_\w{20,64}|sq0[a-z]{3}-[\w-]{20,64}"
    r"|key-[0-9a-f]{32}(?!\w)|\d{8,10}:AA[\w-]{30,40}(?!\w)|AGE-SECRET-KEY-1[0-9A-Z]{40,80}"
    r")"
)
_LOOSE_KEY_SHAPE = re.compile(r"(?<![\w-])sk-[\w-]{12,512}")
_BEARER = re.compile(r"(?i)(?<!\w)(bearer|basic)(\s{1,4})([\w.~+/=-]{8,4096})")
_AUTHORIZATION = re.compile(
    r"(?i)(authorization[\"']?\s{0,4}[:=]\s{0,4}[\"'`]?(?:[a-z]{3,12}\s{1,4})?)([^\s\"'`,;{$]{8,4096})"
)
_USER_IN_URL = re.compile(r"(?<=://)[^\s/@:\"'<>?#]{0,256}:[^\s/\"'<>?#]{1,512}@")
_HOOK_URL = re.compile(
    r"(?i)(https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/|(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/"
    r"|[\w-]{1,63}\.webhook\.office\.com/|api\.telegram\.org/bot))[^\s\"'<>`]{8,512}"
)
_IN_QUERY = re.compile(
    r"(?i)([?&;](?:api[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|token|key|secret|client[_-]?secret"
    r"|password|passwd|pwd|sig|signature|x-amz-signature|appid|app_id|subscription-key)=)([^&\s\"'<>#`]{4,2048})"
)
_ASSIGNED = re.compile(
    r"(?i)((?:password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key"
    r"|auth[_-]?key|account[_-]?key|token|authorization|credentials?)(?:\\?[\"'`])?\s{0,8}[:=]\s{0,8})"
    r"(\\?[\"'`])([^\"'`\n]{4,2048})\2"
)
_ASSIGNED_BARE = re.compile(
    r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|API_KEY|SECRET|TOKEN|PASSWORD|SECRET_KEY"
    r"|ACCESS_KEY|AUTH_KEY|PRIVATE_KEY)=)([^\s;&\"'{}$`<>()]{4,2048})"
)
_WALKED = (str, dict, list)
_SIGNS = re.compile(
    r"a(?:pp_?id=|uthori[sz]ation|kia|sia|iza|ge-sec|(?:pi|ccess|ccount|uth|dmin)[^a-z0-9]{0,8}key)|b(?:earer|asic)"
    r"|c(?:red|ookie|(?:onsumer|lient)[^a-z0-9]{0,8}key)|d(?:op_v1|iscord|eploy[^a-z0-9]{0,8}key)"
    r"|e(?:yj|ncryption[^a-z0-9]{0,8}key)|f(?:unctions?[^a-z0-9]{0,8}key)|g(?:h[opusr]_|ithub_pat_|lpat-|sk_)"
    r"|h(?:f_|ooks\.|mac[^a-z0-9]{0,8}key)|jwt|k(?:_live_|_test_|ey-[0-9a-f]{8})|license[^a-z0-9]{0,8}key"
    r"|master[^a-z0-9]{0,8}key|npm_|p(?:ass|wd|ypi-|rivate[^a-z0-9]{0,8}key)|r(?:k_|8_)"
    r"|s(?:ecret|k-|hp|q0|g\.|ig(?:nature)?=|(?:hared|igning|ubscription|sh|torage)[^a-z0-9]{0,8}key)"
    r"|t(?:oken|elegram)|w(?:hsec_|ebhook\.|rite[^a-z0-9]{0,8}key)|x(?:ox|app-|ai-)|ya29|-----begin"
    r"|:(?:aa|//[^\s/@:\"'<>?#]{0,2048}:)|[?&;]key="
)
"""In lower case, something of every secret's name and shape."""
_KEY_SIGNS = (
    "-----begin", "k_live_", "k_test_", "whsec_", "gho_", "ghp_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-",
    "xox", "xapp-", "akia", "asia", "aiza", "ya29", "eyj", "sg.", "npm_", "pypi-", "hf_", "gsk_", "r8_", "xai-",
    "dop_v1_", "shp", "sq0", "key-", ":aa", "age-secret",
)  # fmt: skip
_NAME_SIGNS = ("pass", "pwd", "secret", "token", "key", "authorization", "credential", "signature")


def without_secrets(value: object, where: str, report: Report, budget: Budget | None = None) -> object:
    """Return JSON without what looks secret, a copy if any was, and tell `secret` dropped once, with a count.

    `where` names the element it belongs to. `budget` is asked while walking. Raises `TooMuchError`.
    """
    if _has_no_sign(value, budget):
        return value
    found = 0
    root: list[object] = [None]
    stack: list[tuple[object, list[object] | dict[str, object], int | str]] = [(value, root, 0)]
    while stack:
        item, holder, slot = stack.pop()
        if budget is not None:
            budget.step()
        match item:
            case str():
                if budget is not None:
                    budget.step(len(item) // 256)
                item, count = masked(item)
                found += count
            case dict() if item:
                copy: dict[str, object] = dict(item)
                for key in set(_secret_keys(item)):
                    del copy[key]
                    found += 1
                stack.extend((child, copy, key) for key, child in copy.items() if isinstance(child, _WALKED))
                item = copy
            case list() if item:
                copies, count = _without_second(item)
                found += count
                stack.extend((child, copies, at) for at, child in enumerate(copies) if isinstance(child, _WALKED))
                item = copies
        holder[slot] = item  # type: ignore[index]
    if found:
        report.drop("secret", where, gettext("Secrets are not imported. Set them here again."), found)
    return root[0]


def _has_no_sign(value: object, budget: Budget | None) -> bool:
    """Tell at one look that nothing here can be secret; False is no answer."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    if budget is not None:
        budget.step(len(text) // 64)
    return _SIGNS.search(text.decode().lower()) is None


def is_secret_name(name: str) -> bool:
    """Tell whether a property of this name holds a secret: `x-api-key` does, `max_tokens` does not."""
    return _is_secret(name[-256:])


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    words = [word for word in _WORD_BREAK.split(name) if word]
    if not words:
        return False
    joined = "".join(words).lower()
    if words[-1].lower() in _SHORT_NAMES:
        return True
    return bool(_ends(_SECRET_NAME, joined)) and not _ends(_COUNTED_TOKEN, joined)


def masked(text: str) -> tuple[str, int]:
    """Return the text with what has the shape of a secret replaced by `***`, and how many there were."""
    if len(text) < 8:
        return text, 0
    lowered = text.lower()
    if _SIGNS.search(lowered) is None:
        return text, 0
    found = 0

    def replace(signs: tuple[str, ...], pattern: re.Pattern[str], by: Callable[[re.Match[str]], str | None]) -> None:
        nonlocal text, found

        def one(match: re.Match[str]) -> str:
            nonlocal found
            new = by(match)
            if new is None or new == match[0]:
                return match[0]
            found += 1
            return new

        if _has_one(lowered, signs):
            text = pattern.sub(one, text)

    if len(text) >= 16:
        replace(_KEY_SIGNS, _KEY_SHAPE, lambda match: MASK)
    replace(("sk-",), _LOOSE_KEY_SHAPE, lambda match: MASK if _is_random(match[0][3:]) else None)
    replace(("://",), _HOOK_URL, lambda match: match[1] + MASK)
    replace(("://",), _USER_IN_URL, lambda match: None if "{{" in match[0] or "${" in match[0] else "")
    replace(("bearer", "basic"), _BEARER, lambda match: None if _is_word(match[3]) else match[1] + match[2] + MASK)
    replace(("authorization",), _AUTHORIZATION, lambda match: None if _is_word(match[2]) else match[1] + MASK)
    replace(("&", "?", ";"), _IN_QUERY, lambda match: None if _is_placeholder(match[2]) else match[1] + MASK)
    replace(
        _NAME_SIGNS,
        _ASSIGNED,
        lambda match: None if _is_no_value(match[3]) else f"{match[1]}{match[2]}{MASK}{match[2]}",
    )
    replace(_NAME_SIGNS, _ASSIGNED_BARE, lambda match: None if _is_no_value(match[2]) else match[1] + MASK)
    return text, found


def _has_one(text: str, signs: tuple[str, ...]) -> bool:
    for sign in signs:  # noqa: SIM110 - a generator takes three times as long, and this runs for every string
        if sign in text:
            return True
    return False


def _secret_keys(item: dict[str, object]) -> Iterator[str]:
    """Name the properties of an object that must go."""
    for key, value in item.items():
        if value and is_secret_name(key) and _is_held(key, value):
            yield key
    types = (item.get("type"), item.get("_input_type"))
    if item.get("password") is True or any(isinstance(type, str) and type in _SECRET_TYPES for type in types):
        yield from (key for key in ("value", "default") if _is_held("password", item.get(key)))
    for name_key, value_key in () if item.keys().isdisjoint(_PAIRED) else _PAIRS:
        if value_key in item and _is_held(value_key, item[value_key]):
            name = item.get(name_key)
            if isinstance(name, str) and _IDENTIFIER.fullmatch(name) and is_secret_name(name):
                yield value_key


def _is_held(name: str, value: object) -> bool:  # noqa: PLR0911
    """Tell whether this value of a secret's name is one: not a blank, a switch, a reference or a form's description."""
    match value:
        case str():
            if _squeezed(name).endswith("tokens") and (len(value) < 16 or not _is_random(value)):
                return False
            return bool(value.strip()) and value != MASK and not _is_reference(value)
        case bool() | None:
            return False
        case int() | float():
            return _squeezed(name).endswith(_EVEN_AS_NUMBER)
        case list():
            return any(isinstance(entry, str) and _is_held(name, entry) for entry in value)
        case dict():
            if not value or isinstance(value.get("type"), str):
                return False
            return bool(_ends(_HELD_WHOLE, _squeezed(name))) or any(
                _is_held(name, value.get(key)) for key in _VALUE_KEYS if not isinstance(value.get(key), dict)
            )
        case _:
            return False


def _without_second(items: list[object]) -> tuple[list[object], int]:
    """Take the value out of a header that is written as a pair, `["Authorization", "Bearer …"]`."""
    match items:
        case [str() as name, str() as value] if is_secret_name(name) and _is_held(name, value):
            return [name, ""], 1
        case _:
            return list(items), 0


def _is_reference(value: str) -> bool:
    rest, count = _REFERENCE.subn("", value)
    return count > 0 and not _SCHEME_WORDS.sub("", rest).strip(" \t\r\n=\"'")


def _is_no_value(text: str) -> bool:
    return _is_placeholder(text) or _is_reference(text)


def _is_placeholder(text: str) -> bool:
    return text.startswith(("{", "$", "<", "%7B", "process.env", MASK)) or "your" in text.lower() or not text.strip()


def _is_word(text: str) -> bool:
    """Tell `Basic authentication` from `Basic dXNlcjpwYXNz`."""
    word = text.rstrip(".=")
    return (word.isalpha() and (word.islower() or word.istitle()) and len(word) <= 20) or text.startswith(MASK)


def _is_random(text: str) -> bool:
    return any(letter.isupper() or letter.isdigit() for letter in text)


def _squeezed(name: str) -> str:
    return "".join(_WORD_BREAK.split(name[-256:])).lower()


def _ends(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether a text ends in the pattern; it is at most some 30 letters long."""
    return any(pattern.fullmatch(text, start) for start in range(max(0, len(text) - 40), len(text)))
