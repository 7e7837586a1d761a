"""Damaged files: never an exception, never a finding outside the file, no long wait, no growing memory, whatever was done to them."""

from __future__ import annotations

import gc
import os
import random
import resource
import time
from pathlib import Path

import pytest

from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.acknowledgments import acknowledge, acknowledgment_set
from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.grammar.loading import available
from mlconn_pipelines.x12.interchange_acknowledgment import acknowledge_interchange, in_words, parse_interchange_acknowledgment
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.generated_sets import SetMaker
from mlconn_pipelines_tests.x12.guides import AT, ORDER, guide_of, interchange_of

SHIPMENT = (
    *("BSN*00*S1*20260301*1200", "HL*1**S", "TD1*CTN*2****G*10*LB", "HL*2*1*O", "PRF*PO1", "HL*3*2*P", "MAN*GM*1"),
    *("HL*4*3*I", "LIN**VP*A", "SN1**1*EA", "CTT*4"),
)
INVOICE = (
    *("BIG*20260301*INV1**PO1", "NTE*GEN*Thank you", "N1*ST*Store", "ITD*01*3*2**10**30", "IT1*1*1*EA*2.5**VP*A"),
    *("PID*F****W", "TDS*250", "TXI*ST*1", "SAC*C*D240***100", "CTT*1"),
)
ANSWER = ("BAK*00*AC*PO1*20260301", "PO1*1*10*EA*2**VP*A", "ACK*IA*6*EA*068*20260310", "CTT*1")
ADVICE = ("BGN*11*1*20260301*1200", "OTI*TR*IV*1*****1*0001*810", "TED*024*wrong*IT1*5****2")
ACKNOWLEDGMENT = ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*5**8", "AK4*6>2*235*7*XX", "AK5*R*5", "AK9*R*1*1*0")
OTHERS = {
    "820": (
        "BPR*I*100*C*CHK",
        "TRN*1*C1",
        "ENT*1",
        "ADX*-1*01",
        "RMR*IV*4711**100",
        "DTM*003*20260101",
        "ADX*2*06",
        "NTE**late",
    ),
    "832": ("BCT*PC*C1", "LIN*1*VP*A", "G53*003", "PO4*12*1.5*LB", "CTP*WS*WHL*4.5*10*EA", "DTM*007*20260201", "CTT*1"),
    "838": ("BTP*00*V-1*20260105*0815*TP", "LX*1", "PLA*2*VN*20260105", "N1*VN*N*92*1", "N9*TC*01", "ITD*01*3*****30"),
    "846": (
        "BIA*00*SI*S1*20260105",
        "LIN*1*VP*A",
        "SDQ*EA*92*01*5*02*7",
        "QTY*33*5*EA",
        "DTM*018*20260106",
        "N1*WH*N",
        "CTT*1",
    ),
    "860": ("BCH*04*SA*P1***20260105", "N9*L1*x", "MSG*Note", "POC*1*QI*12*2*EA*4.5**VP*A", "PID*F****W", "CTT*1"),
    "861": (
        "BRA*R1*20260105*00*1",
        "DTM*050*20260104",
        "PRF*P1",
        "RCD*1*8*EA*1*EA*2*EA*01",
        "SN1**10*EA",
        "LIN**VP*A",
        "CTT*1",
    ),
    "865": ("BCA*00*AC*P1***20260105", "POC*1*QI*12*2*EA*4.5**VP*A", "ACK*IA*10*EA*068*20260303", "DTM*067*20260304", "CTT*1"),
}
SEEDS = [
    interchange_of(*ORDER),
    interchange_of(*ORDER, version="005010", terminator="~\r\n"),
    interchange_of(*SHIPMENT, set_id="856", functional_id="SH"),
    interchange_of(*INVOICE, set_id="810", functional_id="IN", terminator="\n"),
    interchange_of(*ANSWER, set_id="855", functional_id="PR"),
    interchange_of(*ADVICE, set_id="824", functional_id="AG"),
    interchange_of(*ACKNOWLEDGMENT, set_id="997", functional_id="FA", version="005010"),
    *(interchange_of(*segments, set_id=set_id, functional_id=functional_id_of(set_id)) for set_id, segments in OTHERS.items()),
    interchange_of(*ORDER) + interchange_of(*INVOICE, set_id="810", functional_id="IN").replace(b"*", b"|"),
    interchange_of(*ORDER).partition(b"ST*850*0001~")[2],
    interchange_of(*ORDER).partition(b"CTT*2~")[2],
]


def generated() -> list[bytes]:
    """One set of every kind, made from the grammar."""
    made = []
    for name in sorted(available()):
        for set_id in sorted(available()[name]):
            segments = SetMaker(name, set_id, random.Random(f"{name}{set_id}"), 0.15).segments()
            texts = [segment.text for segment in segments[:60]]
            made.append(interchange_of(*texts, set_id=set_id, functional_id=functional_id_of(set_id), version=name))
    return made


def real() -> list[bytes]:
    """Files of the folder that MLCONN_X12_CORPUS names, where it names one."""
    folder = os.environ.get("MLCONN_X12_CORPUS", "")
    return [data for file in sorted(Path(folder).glob("*/*.edi")) if len(data := file.read_bytes()) < 8_000] if folder else []


ALL_SEEDS = [*SEEDS * 4, *generated(), *real()]
FILE_WITHIN_S = 2.0
"""CPU time for one file of a few thousand bytes, with everything that is done to it; hundreds of times what it takes."""
GROWTH_MAX_KB = 150_000
PIECES = (
    *(b"~", b"*", b">", b"^", b"\n", b"\r\n", b"", b"~~", b"ISA*", b"GS*", b"ST*850*1~", b"SE*", b"IEA*1*1~", b"TA1*"),
    *(b"HL*1*1*S~", b"\x00", b"\xff", b"\x85", b"\xc3\xa9", b"PO1", b"9" * 400),
)


def mutated(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(ALL_SEEDS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(10):
            case 0:
                if at < len(data):
                    data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 60)]
            case 2:
                data[at:at] = chance.choice(PIECES)
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case 4:
                del data[at:]
            case 5:
                old, new = chance.sample(PIECES[:6], 2)
                data = bytearray(bytes(data).replace(old, new))
            case 6:
                data = data[at:] + data[:at]
            case 7:  # another file, or a piece of one, behind or within
                other = chance.choice(ALL_SEEDS)
                data[at:at] = other[: chance.randint(1, len(other))]
            case 8 if len(data) > 106:  # what the ISA says separates
                data[chance.choice((3, 82, 104, 105))] = chance.choice(b"*~>^|:\n!+U0 ")
            case _:  # a bit here and there
                for _ in range(chance.randint(1, 20)):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        if not data:
            data = bytearray(b"~")
    return bytes(data)


def survives(data: bytes) -> None:
    started = time.process_time()
    report = check_file(data)
    for finding in report.findings:
        assert 0 <= finding.offset < max(1, len(data)), finding
        assert finding.line >= 1
        assert len(finding.value) <= 99
        assert finding.message.endswith(".")
    for interchange in read(data).interchanges:
        assert 0 <= interchange.offset <= interchange.end <= len(data)
        assert data[interchange.offset : interchange.end] == interchange.content
        made = render_interchange(
            acknowledge_interchange(interchange), guide_of(), interchange_number=1, group_number=1, set_number=1, at=AT
        )
        assert made.can_be_sent, made.findings
        for segment in interchange.interchange_acknowledgments:
            said, _ = parse_interchange_acknowledgment(segment)
            assert said is None or in_words(said)
        for group in interchange.groups:
            results = [validate(s, group.version) for s in group.sets]
            for guide in (guide_of(), WANTS_999):
                answer = acknowledge(interchange, group, results, guide)
                kind = acknowledgment_set(group, guide)
                render_interchange(answer, guide, interchange_number=1, group_number=1, set_number=1, at=AT, set_id=kind)
                if kind == "997":
                    break
            for transaction_set in group.sets:
                document, findings = parse_document(transaction_set)
                assert (document is None) == bool(findings)
    assert time.process_time() - started < FILE_WITHIN_S, data[:2000]


WANTS_999 = guide_of(acknowledgments="999", version="005010")


def many_survive(chance: random.Random, count: int) -> None:
    for data in ALL_SEEDS:
        survives(data)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        survives(mutated(chance))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH_MAX_KB


@pytest.mark.parametrize("seed", range(5))
def test_damaged_files_are_read_without_an_exception(seed: int) -> None:
    many_survive(random.Random(seed), 1_000)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(8))
def test_very_many_damaged_files_are_read_without_an_exception(seed: int) -> None:
    many_survive(random.Random(2026 + seed), 25_000)


def test_bytes_of_no_meaning_are_read_without_an_exception() -> None:
    chance = random.Random(1)
    for length in (1, 3, 105, 106, 107, 500):
        for _ in range(100):
            survives(chance.randbytes(length))
            survives(b"ISA" + chance.randbytes(length))
            survives(bytes(chance.choices(b"IGSTAE*~\n0", k=length)))


@pytest.mark.parametrize(
    "data",
    [
        b"ISA" * 60_000,
        b"ST*" * 60_000,
        b"GS*PO" * 40_000,
        b"~" * 200_000,
        interchange_of(*ORDER)[:110] + b"GS*PO*A*B*1*1*1*X*004010~" * 5_000,
        interchange_of(*ORDER)[:110] + b"ST*850*0001~" * 5_000,
        interchange_of(*ORDER) * 500,
        b"ISA*" * 40_000,
        b"N1*ST~" * 40_000 + b"SE*12*0001~",
        b"SE*12*0001~" * 20_000,
        interchange_of(
            "BSN*00*S1*20260301*1200", *[f"HL*{n}*{n - 1}*I" for n in range(1, 4000)], set_id="856", functional_id="SH"
        ),
    ],
    ids=["isa", "st", "gs", "terminators", "groups", "sets", "interchanges", "isa-star", "segments", "ends", "levels"],
)
def test_time_grows_with_the_size_and_not_faster(data: bytes) -> None:
    started = time.process_time()
    check_file(data)
    assert time.process_time() - started < 5
