"""New documents while the simulated systems run, as clerks would enter them: so many a minute in each ERP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlconn_simulators.timetable import Timetable


class Activity:
    """Calls each maker in turn, `per_minute` times a minute each, on a thread of its own."""

    def __init__(self, makers: Sequence[Callable[[], object]], per_minute: float) -> None:
        self.made = 0
        self.work = Timetable("activity")
        self._makers, self._every_s = tuple(makers), 60.0 / per_minute
        self.work.after(self._every_s, self._make)

    def close(self) -> None:
        self.work.close()

    def _make(self) -> None:
        self.work.after(self._every_s, self._make)
        for make in self._makers:
            make()
            self.made += 1
