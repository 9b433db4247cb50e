"""The demo: four people and one flow to look at, made once, when the database holds no people yet.

Alice owns the flow, Bob edits it, Vera views it, Charlie has no access. They have no passwords: the login page's
buttons let one be any of them. What they do with the flow afterwards, deleting it included, is never undone here.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from accounts.principals import Person, System
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.models import Flow
from flows.parsing import parse_flow

NAMES = ("Alice", "Bob", "Vera", "Charlie")
TITLE = "Customer support triage"
DESCRIPTION = "Sorts customer messages, alerts the team to urgent ones and answers the rest."
PROMPT = (
    "You sort support tickets. Read the subject and the body, then answer with one topic: urgent, question or refund. "
    "If two fit, take the one a person would answer first."
)


def seed_demo() -> Flow | None:
    """Make the demo's people and flow; return the flow, or None if there is anybody already."""
    people = get_user_model()
    with transaction.atomic():
        if people.objects.exists():
            return None
        alice, bob, vera, _charlie = (
            people.objects.create_user(f"{name.lower()}@example.com", None, name=name) for name in NAMES
        )
        record = parse_flow(title=TITLE, description=DESCRIPTION, nodes=_nodes(), edges=_edges())
        flow = create_flow(Person(alice.pk), record, via="system")
        set_member(System(), flow.pk, person=f"{bob.email}", role=Role.EDITOR)
        set_member(System(), flow.pk, person=f"{vera.email}", role=Role.VIEWER)
    return flow


def _nodes() -> list[dict[str, Any]]:
    group = {"parent": "answer"}
    return [
        _node("answer", "group", "Answer the customer", (600, 136), (360, 336)),
        _node("ticket", "input", "New ticket", (0, 136), (136, 64), type="form", fields=_FIELDS),
        _node(
            "inbox", "sensor", "Mail inbox", (0, 280), (136, 64), source="polling", endpoint=_INBOX, interval_ms=30_000
        ),
        _node("classify", "agent", "Classify ticket", (192, 200), (152, 80), **_CLASSIFY)
        | {"description": "Reads subject and body, picks a topic."},
        _node("route", "decision", "Route", (400, 176), (120, 128), expression="prev.topic", **_BRANCHES),
        _node("summarise", "transform", "Summarise", (616, 8), (144, 64), type="template", transformation=_SUMMARY),
        _node("page", "api", "Page on-call", (800, 8), (136, 64), **_PAGE)
        | {"description": "Asks somebody first. Put your pager's address here; this one does not exist."},
        _node("paged", "output", "Paged", (1008, 8), (120, 64), type="text", format_template=_PAGED),
        _node("articles", "memory", "Help articles", (616, 200), (144, 64), type="vector_store", operation="search")
        | group,
        _node("draft", "agent", "Draft reply", (800, 192), (144, 80), system_prompt=_REPLY, prompt=_TICKET) | group,
        _node("orders", "loop", "Each order", (616, 392), (144, 64), iterate_over=_ORDERS, max_iterations=20)
        | group
        | {"description": "These orders stand for those that your shop would give."},
        _node(
            "refunds", "skill", "Refund rules", (800, 352), (136, 64), name="refund_rules", code=_REFUNDS, retry_count=2
        )
        | group,
        _node("send", "output", "Send reply", (1008, 424), (120, 64), type="text", destinations=["E-mail"]),
        _node("policy", "note", "Refunds", (232, 376), (208, 88), text=_POLICY),
    ]


def _edges() -> list[dict[str, Any]]:
    return [
        _edge("ticket", "classify"),
        _edge("inbox", "classify"),
        _edge("classify", "route"),
        _edge("route", "summarise", source_port="urgent", label="in 15 min"),
        _edge("route", "articles", source_port="question"),
        _edge("route", "orders", source_port="refund"),
        _edge("summarise", "page"),
        _edge("page", "paged"),
        _edge("articles", "draft"),
        _edge("draft", "send"),
        _edge("orders", "refunds", source_port="each"),
        _edge("orders", "send", source_port="out"),
    ]


def _node(
    id: str, kind: str, label: str, place: tuple[int, int], size: tuple[int, int], **settings: object
) -> dict[str, Any]:
    (x, y), (width, height) = place, size
    box = {"x": x, "y": y, "width": width, "height": height}
    return {"id": id, "kind": kind, "label": label, **box, "settings": settings}


def _edge(source: str, target: str, **given: str) -> dict[str, Any]:
    return {"id": f"{source}-{target}", "source": source, "target": target, **given}


_FIELDS = [
    {"name": "name", "title": "Name", "default": "Jo"},
    {"name": "email", "title": "E-mail", "default": "jo@example.com"},
    {"name": "subject", "title": "Subject", "default": "My last order"},
    {
        "name": "message",
        "title": "Message",
        "required": True,
        "default": "How do I get the invoice of my last order?",
    },
]
_BRANCHES = {"branches": ["urgent", "question", "refund"], "default_branch": "question"}
_TOPIC = {"type": "object", "properties": {"topic": {"enum": ["urgent", "question", "refund"]}}, "required": ["topic"]}
_CLASSIFY = {
    "output_schema": _TOPIC,
    "temperature": 0.2,
    "max_tokens": 1024,
    "reasoning": "simple",
    "max_retries": 3,
    "system_prompt": PROMPT,
    "prompt": "{{ input.subject }}\n\n{{ input.message }}",
}
_REPLY = "Write a friendly reply to the customer, from the help articles alone. Promise nothing that they do not say."
_SUMMARY = "{{ input.name }} writes: {{ input.subject }}\n\n{{ input.message }}"
_TICKET = "{{ input.subject }}\n\n{{ input.message }}\n\nHelp articles: {{ prev }}"
_INBOX = "https://mail.example.com/inbox"
_ORDERS = '[{"order": "A-17", "price": 35}, {"order": "A-42", "price": 120}]'
_REFUNDS = 'def run(order, price):\n    return {"order": order, "refund": price <= 80}\n'
_PAGE = {
    "method": "POST",
    "url": "https://pager.example.com/pages",
    "body": {"text": "{{ prev }}"},
    "on_error": "null",
    "ask_first": {"question": "Page the person on call?", "who": "editors"},
}
_PAGED = "{{ input.subject }}: {% if prev %}told to the person on call.{% else %}nobody could be paged.{% endif %}"
_POLICY = "Above 80 € a person decides until the new policy is live on Monday."
