"""The gates of docs/performance.md, as figures: what a row must reach on each of our servers."""

GATES = {
    "uvicorn": {"p50": 6.0, "p99": 20.0, "deliveries": 500_000, "crowd_p95": 250.0},
    "daphne": {"p50": 12.0, "p99": 30.0, "deliveries": 200_000, "crowd_p95": 500.0},
}
SOCKET_KILOBYTES = 45.0
NODE_KILOBYTES = 2.0
OPEN_MILLISECONDS = 60.0
SEARCH_MILLISECONDS = 100.0
BATCH_BYTES = 6 * 1024
LABEL_BYTES = 1536
JAVASCRIPT_KILOBYTES = 120.0


def gate(name: str, key: str) -> float | None:
    """Return a server's gate; peers have none."""
    for server, gates in GATES.items():
        if name.startswith(f"Helix, {server}"):
            return gates[key]
    return None


def judged(value: float | None, limit: float | None, *, at_least: bool = False, digits: int = 1) -> str:
    """Return a figure with what its gate says: `met`, or by how much not."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    if limit is None:
        return text
    if (value >= limit) if at_least else (value <= limit):
        return f"{text} ✓"
    factor = limit / value if at_least and value else value / limit
    return f"**{text}** ✗ {factor:.1f}×"
