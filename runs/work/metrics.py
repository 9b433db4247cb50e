"""What is counted about work; `/metrics` shows it. Counters are of this process, the rest is asked when it is shown."""

from prometheus_client import Counter, Gauge, Histogram

tasks = Counter("helix_tasks", "Tasks performed by this process", ["kind", "result"])
task_seconds = Histogram(
    "helix_task_seconds",
    "Time from claim to settled",
    ["kind"],
    buckets=(0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600),
)
queued = Gauge("helix_tasks_queued", "Tasks waiting for a worker, as the sweep of this process saw last", ["queue"])
workers = Gauge("helix_workers", "Workers as the sweep of this process saw them last", ["state"])
losses = Counter("helix_tasks_lost", "Tasks this process took from dead workers")
takeover_seconds = Histogram(
    "helix_takeover_seconds", "Silence of a worker when it was declared dead", buckets=(1, 1.5, 2, 2.5, 3, 4, 5, 10, 60)
)
given_up = Counter("helix_workers_given_up", "Times that this process gave its worker up", ["why"])


def count_task(kind: str, result: str, seconds: float) -> None:
    """Count a task that was settled, or refused."""
    tasks.labels(kind, result).inc()
    task_seconds.labels(kind).observe(seconds)
