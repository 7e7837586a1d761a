"""Names and meanings: everything that the grammar knows has one, and checking a file reads none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlconn_pipelines.documents.transaction_sets import set_name
from mlconn_pipelines.x12.grammar.loading import available, release
from mlconn_pipelines.x12.grammar.naming import meaning_of, meanings, name_of
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of


@pytest.mark.parametrize("name", sorted(available()))
def test_every_segment_composite_and_set_has_a_name(name: str) -> None:
    known = release(name)
    ids = (*known.segments, *known.composites)
    assert [id_ for id_ in ids if not name_of(id_)] == []
    assert [id_ for id_ in available()[name] if not set_name(id_)] == []


@pytest.mark.parametrize("name", sorted(available()))
def test_nearly_every_code_has_a_meaning(name: str) -> None:
    known = release(name)
    pairs = [(e, code) for e in known.coded_elements() for code in getattr(known.codes(e), "codes", ())]
    unknown = [pair for pair in pairs if not meaning_of(*pair)]
    assert len(pairs) > 10_000 and len(unknown) < 0.005 * len(pairs)


def test_codes_in_daily_use_are_told_from_the_others() -> None:
    references = meanings("128")
    assert references["DP"] == ("department", True)
    assert 10 < sum(m.daily for m in references.values()) < len(references) / 5
    assert meanings("no such element") == {} and meaning_of("128", "nothing") == ""


def test_checking_a_file_reads_no_names(tmp_path: Path) -> None:
    file = tmp_path / "order.edi"
    file.write_bytes(interchange_of(*ORDER))
    program = (
        "import sys\nfrom pathlib import Path\nfrom mlconn_pipelines.x12.check import check_file\n"
        f"assert check_file(Path({str(file)!r}).read_bytes()).is_clean\n"
        "assert 'mlconn_pipelines.x12.grammar.naming' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
