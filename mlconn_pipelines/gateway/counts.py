"""What the gateway counts, and how it tells: plain text as Prometheus reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class Counts:
    """Used from one thread. Labels are names of the configuration and words of this program, never what a caller wrote."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.hints: Counter[tuple[str, str, str]] = Counter()
        self.connections: Counter[str] = Counter()
        self.polls: Counter[str] = Counter()
        self.held: Callable[[], int] = lambda: 0
        self._seconds: Counter[str] = Counter()
        self._total_s = 0.0

    def request(self, integration: str, source: str, outcome: str, seconds: float) -> None:
        """One request answered. outcome: stored, handshake, ignored, forged, malformed, oversized, unknown, too_fast, slow, failed."""
        self.requests[integration, source, outcome] += 1
        self._total_s += seconds
        for bound in BOUNDS_S:
            if seconds <= bound:
                self._seconds[f"{bound:g}"] += 1
                return
        self._seconds["+Inf"] += 1

    def hint(self, integration: str, source: str, outcome: str, count: int) -> None:
        """Hints that were `new` or `known`, and entries that were `forged` or `ignored`."""
        if count:
            self.hints[integration, source, outcome] += count

    def connection(self, outcome: str) -> None:
        """A connection closed or refused: too_many, displaced, long_headers, late_headers, late_body, late_answer."""
        self.connections[outcome] += 1

    def poll(self, outcome: str) -> None:
        """A poll of an agent answered: jobs, nothing. How long it was held says nothing of how fast we are."""
        self.polls[outcome] += 1

    def text(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "# HELP mlconn_gateway_requests_total Requests by integration, source and outcome."
        yield "# TYPE mlconn_gateway_requests_total counter"
        yield from _samples("mlconn_gateway_requests_total", self.requests)
        yield "# HELP mlconn_gateway_hints_total Hints and entries of notifications, by what became of them."
        yield "# TYPE mlconn_gateway_hints_total counter"
        yield from _samples("mlconn_gateway_hints_total", self.hints)
        yield "# HELP mlconn_gateway_connections_total Connections closed or refused, by the reason."
        yield "# TYPE mlconn_gateway_connections_total counter"
        for outcome, count in sorted(self.connections.items()):
            yield f'mlconn_gateway_connections_total{{outcome="{outcome}"}} {count}'
        yield "# HELP mlconn_gateway_polls_total Polls of agents, by what they brought."
        yield "# TYPE mlconn_gateway_polls_total counter"
        for outcome, count in sorted(self.polls.items()):
            yield f'mlconn_gateway_polls_total{{outcome="{outcome}"}} {count}'
        yield "# HELP mlconn_gateway_polls_held Polls of agents that wait for a job."
        yield "# TYPE mlconn_gateway_polls_held gauge"
        yield f"mlconn_gateway_polls_held {self.held()}"
        yield "# HELP mlconn_gateway_answer_seconds From a request's first byte to its answer."
        yield "# TYPE mlconn_gateway_answer_seconds histogram"
        so_far = 0
        for bound in (*(f"{one:g}" for one in BOUNDS_S), "+Inf"):
            so_far += self._seconds[bound]
            yield f'mlconn_gateway_answer_seconds_bucket{{le="{bound}"}} {so_far}'
        yield f"mlconn_gateway_answer_seconds_sum {self._total_s:.6f}"
        yield f"mlconn_gateway_answer_seconds_count {so_far}"


def _samples(name: str, counted: Counter[tuple[str, str, str]]) -> Iterator[str]:
    for (integration, source, outcome), count in sorted(counted.items()):
        yield f'{name}{{integration="{integration}",source="{source}",outcome="{outcome}"}} {count}'
