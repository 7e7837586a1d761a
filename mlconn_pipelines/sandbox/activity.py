"""New documents while the simulated systems run, as clerks would enter them: so many a minute in each ERP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from mlconn_pipelines.sandbox.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_pipelines.sandbox.timetable import Timetable

_SAP_SETS = ("Invoices", "PurchaseOrders", "DeliveryNotes")
_SOUND = 7
"""So many of the first documents of each set have no catch."""


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


def sap_maker(sap: SapBusinessOneSandbox) -> Callable[[], object]:
    """Adds a document like one of the first ones, of the three sets in turn."""
    numbers = count()

    def make() -> object:
        number = next(numbers)
        set_name = _SAP_SETS[number % len(_SAP_SETS)]
        with sap.lock:
            sound = list(sap.company.sets[set_name])[:_SOUND]
            return sap.add_like(set_name, sound[number % len(sound) :][:1]) if sound else None

    return make
