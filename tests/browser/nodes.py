"""Nodes that several tests draw, and the smallest agent of all."""

PLAN = {"id": "plan", "kind": "agent", "x": 96, "y": 96, "label": "Plan", "settings": {"temperature": 0.7}}
SEARCH = {"id": "search", "kind": "skill", "x": 400, "y": 96, "label": "Search"}
REPLY = {"id": "reply", "kind": "agent", "x": 696, "y": 96, "label": "Reply"}


def agent(id: str, x: int, y: int, **more: object) -> dict[str, object]:
    """An agent that is called as its id is."""
    return {"id": id, "kind": "agent", "x": x, "y": y, "label": id, **more}


TWO = [agent("a", 0, 0), agent("b", 300, 0)]
