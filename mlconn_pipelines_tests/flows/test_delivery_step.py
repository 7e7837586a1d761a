"""One act after another, on an owner that only writes down what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import OutcomeUnknown, Retryable
from mlconn_pipelines.flows.delivery_step import DeliveryStep, perform_all
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Stored

LOST = OutcomeUnknown("no answer within 60 s", answered="gateway")


class WrittenDown:
    """Owner and claim of one document. said: what became of it, in order."""

    id, document_id, content, file_name, destination = "C1.1", "D1", b"{}", "", "PurchaseOrders"
    correlation_reference = ""
    too_late = False

    def __init__(self) -> None:
        self.said: list[Any] = []

    def claim(self, document: Any, channel: Any, render: Any, entity: str = "", repeatable: bool = False) -> Any:
        self.said.append(("claim", entity, repeatable))
        return self

    def sending(self) -> None:
        self.said.append("sending")

    def complete(self, receipt: Any) -> State:
        self.said.append("complete")
        return State.POSTED

    def refuse(self, refusal: Exception) -> State:
        raise AssertionError(refusal)

    def retry_later(self, busy: Retryable) -> State:
        self.said.append(("retry_later", busy.what, busy.answered))
        return State.READY

    def unknown(self, lost: OutcomeUnknown) -> State:
        self.said.append(("unknown", lost.what, lost.answered))
        return State.OUTCOME_UNKNOWN

    def judge(self, answered: Any, failed: Sequence[Any], hold_after: int) -> int:
        self.said.append(("judged", [(one.claim_id, one.looked_for) for one in failed]))
        return 0


def performed(perform: Callable[[Any], Any], repeatable: bool) -> list[Any]:
    row = cast("DocumentRow", SimpleNamespace(id="D1"))
    act = DeliveryStep(row, None, "PurchaseOrders", lambda *_: NotImplemented, lambda: None, perform, repeatable=repeatable)
    owner, offered = WrittenDown(), [[row]]
    perform_all(owner, lambda after: offered.pop() if offered else [], lambda _: act, 1, 5, Tally())
    return owner.said


def lose(_: Any) -> NoReturn:
    raise LOST


@pytest.mark.parametrize(
    ("repeatable", "then"),
    [
        (True, [("retry_later", LOST.what, "gateway"), ("judged", [("C1.1", False)])]),
        (False, [("unknown", LOST.what, "gateway"), ("judged", [("C1.1", True)])]),
    ],
)
def test_only_a_repeatable_act_without_an_answer_is_made_again(repeatable: bool, then: list[Any]) -> None:
    assert performed(lose, repeatable) == [("claim", "PurchaseOrders", repeatable), "sending", *then]


def test_an_answered_act_is_complete_repeatable_or_not() -> None:
    for repeatable in (True, False):
        assert performed(lambda _: Stored("7", "1007", "PurchaseOrders"), repeatable)[2] == "complete"
