"""Entry in batches: where a module works so, a batch is selected before any key, and it is one user's at a time."""

from __future__ import annotations

from typing import Any

from mlconn_simulators.sage_100.component import fill, given, method
from mlconn_simulators.sage_100.entry import EntryObject
from mlconn_simulators.sage_100.layouts import Refused, Row
from mlconn_simulators.sage_100.reading import Reader
from mlconn_simulators.sage_100.store import Key


def batch_table(module: str) -> str:
    """Where the batches of a module are locked and counted."""
    return f"{module} batch"


def select(target: Reader, module: str, batch: Any) -> str:
    """Take a batch for this session, a new one if none is named; the number goes out by reference. Errors: Refused."""
    company = target.company
    if module not in company.batches:
        raise Refused("Batch entry is not enabled.")
    asked = str(given(batch) or "")
    if asked and not (asked.isdigit() and int(asked) < company.numbers.get(batch_table(module), 1)):
        raise Refused(f"The batch {asked} is not on file.")
    number = asked.zfill(5) if asked else f"{company.take_number(batch_table(module)):05}"
    if holder := company.holder(batch_table(module), (number,), target.session.owner):
        raise Refused(f"Batch {number} is in use by {holder}.")
    company.hold(batch_table(module), (number,), target.session.owner)
    fill(batch, number)
    return number


class BatchEntry(EntryObject):
    """batch: selected, empty for none."""

    batch = ""

    @method("nSelectBatch", 0)
    def select_batch(self, batch: Any) -> int:
        self.batch = select(self, self.kind.module, batch)
        return 1

    @method("nCloseBatch")
    def close_batch(self, batch: str = "") -> int:
        self._close()
        return 1

    def _close(self) -> None:
        if self.batch and self.session.company is not None:
            self.session.company.let_go(self.session.owner, batch_table(self.kind.module), (self.batch,))
        self.batch = ""

    @method("nSetValue")
    def set_value(self, name: str, value: Any) -> int:
        if name.lower() == "batchno$":
            if not self.batch or str(value).zfill(5) != self.batch:
                raise Refused(f"The batch {value} is not selected.")
            return 1
        return super().set_value(name, value)  # type: ignore[no-any-return]

    def check_key(self, key: Key, stored: Row | None) -> None:
        if self.kind.module not in self.company.batches:
            return
        if not self.batch:
            raise Refused("The batch number is required.")
        if stored is not None and stored["BatchNo$"] != self.batch:
            raise Refused(f"The document is in batch {stored['BatchNo$']}.")

    def start(self, row: Row) -> None:
        row["BatchNo$"] = self.batch

    @method("DropObject")
    def drop_object(self) -> int:
        self._close()
        return super().drop_object()  # type: ignore[no-any-return]

    def release(self) -> None:
        if not self.released and self.host.alive:
            with self.host.site.lock:
                self._close()
        super().release()
