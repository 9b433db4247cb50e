"""The outline: the flow as a tree of rows, in windows of bounded size, and in the page for readers without scripts."""

import re

from django.test import Client

from accounts.models import User
from flows.document import Document, Edge, FlowProperties, Node
from flows.models import Flow
from flows.rendering import outline
from flows.rendering.outline import BEFORE, ROWS, flow_order
from tests.pages.conftest import Enter


def node(id: str, kind: str = "agent", parent: str | None = None, **settings: object) -> Node:
    return Node(id, kind, 0, 0, 160, 60, id.title(), "", "#0ea5e9", parent, True, settings)


def edge(source: str, target: str, port: str = "out") -> Edge:
    return Edge(f"{source}-{target}", source, target, port, "in")


def document(nodes: list[Node], edges: list[Edge]) -> Document:
    return Document(FlowProperties("Flow", ""), nodes, edges)


def rows(html: str) -> list[tuple[str, int]]:
    """Return each row's element and level."""
    found = re.findall(r'<li id="o-[ne]-([^"]+)".*?aria-level="(\d+)"', html)
    return [(id, int(level)) for id, level in found]


def ordered(edges: str, nodes: str) -> str:
    pairs = [edge(one[0], one[1]) for one in edges.split()]
    return "".join(flow_order([node(id) for id in nodes], pairs))


def test_every_edge_leads_on_and_a_branch_is_read_to_its_end() -> None:
    assert ordered("ab bc cd", "dcba") == "abcd"
    assert ordered("ab bc bd ce de", "edcba") in {"abcde", "abdce"}
    assert ordered("ab bc ad de", "abcde") == "abcde"


def test_a_circle_has_an_order_too() -> None:
    assert ordered("ab bc cb cd", "abcd") == "abcd"
    assert sorted(ordered("ab bc ca", "abc")) == ["a", "b", "c"]


def test_groups_hold_their_members_and_nodes_the_edges_that_leave_them() -> None:
    nodes = [node("reply", parent="frame"), node("frame", "group"), node("ask"), node("plan", parent="frame")]
    html = outline(document(nodes, [edge("ask", "plan"), edge("plan", "reply")])).html
    assert rows(html) == [("ask", 1), ("ask-plan", 2), ("frame", 1), ("plan", 2), ("plan-reply", 3), ("reply", 2)]


def test_edges_stand_in_the_order_of_their_ports_and_name_them() -> None:
    nodes = [node("route", "decision", branches=["yes", "no"]), node("a"), node("b")]
    html = outline(document(nodes, [edge("route", "a", "no"), edge("route", "b", "yes")])).html
    assert [id for id, _ in rows(html)] == ["route", "route-b", "route-a", "b", "a"]
    assert 'aria-label="Route to A, edge, no"' in html
    assert 'aria-label="Route, Decision, 0 in, 2 out"' in html


def test_what_is_inside_a_closed_row_is_left_out() -> None:
    flow = document([node("ask"), node("plan")], [edge("ask", "plan")])
    html = outline(flow, closed=["ask"]).html
    assert rows(html) == [("ask", 1), ("plan", 1)]
    assert 'data-node-id="ask" aria-level="1" aria-posinset="1" aria-setsize="2" aria-expanded="false"' in html


def test_what_people_wrote_is_escaped() -> None:
    evil = Node("x", "agent", 0, 0, 1, 1, '<img src=x onerror="1">', "", "#0ea5e9", None, True, {})
    assert "<img" not in outline(document([evil], [])).html


def test_an_answer_is_bounded_however_large_the_flow_is() -> None:
    count = 5_000
    nodes = [node(f"n{at}") for at in range(count)]
    flow = document(nodes, [edge(f"n{at}", f"n{at + 1}") for at in range(count - 1)])
    first = outline(flow)
    assert (len(rows(first.html)), first.start, first.total) == (ROWS, 0, 2 * count - 1)
    assert outline(flow, start=10**8).start == 2 * count - 1 - ROWS
    around = outline(flow, node="n2500")
    assert rows(around.html)[BEFORE] == ("n2500", 1)
    assert len(around.html) < 300_000


def test_the_tree_is_in_the_page_for_readers_without_scripts(flow: Flow, bob: User, enter: Enter) -> None:
    page = enter(bob).get(f"/flows/{flow.pk}/").content.decode()
    inert = page[page.index("data-outline-page") : page.index("data-canvas ")]
    assert "data-outline" in inert
    assert len(rows(inert)) == len(rows(page)) == flow.node_count + flow.edge_count
    assert 'href="?edge=e1"' in inert


def test_a_window_says_where_it_stands(flow: Flow, bob: User, enter: Enter) -> None:
    answer = enter(bob).get(f"/flows/{flow.pk}/outline?from=not-a-number&closed=a-agent,x&node=%00")
    count = flow.node_count + flow.edge_count
    assert (answer["X-Helix-Version"], answer["X-Helix-From"]) == ("1", "0")
    assert int(answer["X-Helix-Rows"]) <= count


def test_only_members_read_it(flow: Flow, charlie: User, enter: Enter, client: Client) -> None:
    assert enter(charlie).get(f"/flows/{flow.pk}/outline").status_code == 404
    assert client.get(f"/flows/{flow.pk}/outline").status_code == 302
