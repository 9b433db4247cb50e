"""What is counted about live sessions; `/metrics` shows it. Gauges and counters are of this process alone."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """A number for the event loop alone: no lock, because a thousand sockets count at every broadcast."""

    family: type[CounterMetricFamily | GaugeMetricFamily] = CounterMetricFamily

    def __init__(self, name: str, documentation: str) -> None:
        self.value = 0
        self._name, self._documentation = name, documentation
        REGISTRY.register(self)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Say how many there were, or are."""
        yield self.family(self._name, self._documentation, self.value)


class Level(Tally):
    """A number that also falls."""

    family = GaugeMetricFamily


class Tallies(Collector):
    """Counters by labels for the event loop alone: a labelled counter of the library is looked up under a lock."""

    def __init__(self, name: str, documentation: str, *labels: str) -> None:
        self._values: dict[tuple[str, ...], int] = {}
        self._name, self._documentation, self._labels = name, documentation, labels
        REGISTRY.register(self)

    def count(self, *labels: str) -> None:
        """Count one."""
        self._values[labels] = self._values.get(labels, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Say how many there were of each."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, value in self._values.copy().items():
            family.add_metric(labels, value)
        yield family


_LATENCY = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

live_sessions = Gauge("helix_sessions", "Flows being edited now")
people = Gauge("helix_people", "Persons connected, once for each flow")
sockets = Gauge("helix_sockets", "Connections open")
queue_length = Level("helix_queue_length", "Submissions waiting for their commit")
operations = Tallies("helix_operations", "Submissions answered", "via", "result")
refusals = Counter("helix_refusals", "Submissions refused", ["code"])
closes = Counter("helix_closes", "Connections we closed", ["code"])
frames_in = Tallies("helix_frames_in", "Frames received", "type")
frames_out = Tally("helix_frames_out", "Frames sent")
restarts = Counter("helix_session_restarts", "Sessions started again after a defect")
commit_seconds = Histogram("helix_commit_seconds", "Time of one commit of a batch", buckets=_LATENCY)
commit_size = Histogram("helix_commit_size", "Submissions in one commit", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500))
fanout_seconds = Histogram("helix_fanout_seconds", "Time of one fan-out to all sockets", buckets=_LATENCY)
