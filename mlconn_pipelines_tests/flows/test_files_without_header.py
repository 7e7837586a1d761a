"""A received file without an ISA belongs to nobody: it is put on hold with what is missing, and not as an unknown partner's."""

from __future__ import annotations

import pytest

from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.reading import read_file
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of

WHOLE = interchange_of(*ORDER)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Dear Sirs", "The file holds no X12 interchange (no ISA segment was found)."),
        (WHOLE[WHOLE.index(b"GS*") :], "nobody knows who sent it. Ask the sender for the whole file."),
        (WHOLE[WHOLE.index(b"SE*") :], "nobody knows who sent it: There is no ST: the set '0001' that this SE ends"),
        (WHOLE[WHOLE.index(b"CTT*") :], "were not read. There is no ST: the set '0001' that this SE ends"),
    ],
)
def test_a_file_without_isa_is_set_aside_with_what_is_missing(content: bytes, told: str) -> None:
    file = read_file(content, Partners(()), answer_groups=True)
    assert (file.interchanges, file.complete, file.refusals) == ((), False, ())
    assert file.problem is not None
    assert file.problem.code == "no_interchange"
    assert told in file.problem.message


def test_an_unknown_sender_is_still_asked_to_be_given_a_partner_file() -> None:
    file = read_file(WHOLE, Partners(()), answer_groups=True)
    assert file.problem is not None
    assert file.problem.code == "partner_unknown" and "01:123456789" in file.problem.message
