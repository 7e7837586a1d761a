"""Every element of a received set written as what no sane partner sends, one file each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mlconn_pipelines_tests.cases import case

LONG = "".join(
    random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz ,.-/'", k=100_000)
).encode()
"""100 kB that no compression makes short."""

VALUES: Mapping[str, bytes] = {
    "nul": b"\x00",
    "nul_within": b"A\x00B",
    "nul_before_digits": b"\x0012",
    "escape": b"\x1b[2J\x1b]0;x\x07",
    "half_a_pair": b"\xed\xa0\x80",
    "half_a_pair_within": b"A\xed\xb0\x80B",
    "no_utf8": b"\xff\xfe",
    "1e400": b"1e400",
    "minus_1e400": b"-1E+400",
    "nan": b"NaN",
    "infinity": b"Infinity",
    "digits": b"9" * 400,
    "long": LONG,
    "empty": b"",
}

_ENVELOPE = (
    b"ISA*00*          *00*          *01*123456789      *ZZ*MERIDIAN       *261128*1548*U*00401*%09d*0*P*>~"
    b"GS*%s*123456789*MERIDIAN*20261128*1548*%d*X*004010~%sGE*1*%d~IEA*1*%09d~"
)

_SETS: Mapping[str, tuple[str, Sequence[str]]] = {
    "855": (
        "PR",
        (
            "BAK*00*AD*PO1*20261125****20261126",
            "CUR*SE*USD",
            "REF*VR*V1",
            "DTM*068*20261201",
            "N1*SE*Seller*92*17",
            "PO1*1*38*EA*3.72**BP*X1*VP*Y1",
            "PID*F****Valve",
            "ACK*IA*38*EA*068*20261201",
            "CTT*1*38",
        ),
    ),
    "856": (
        "SH",
        (
            "BSN*00*S1000*20261125*1200*0001",
            "DTM*011*20261125",
            "HL*1**S",
            "TD1*CTN25*1****G*10*LB",
            "TD5*B*2*UPSN*M*Road",
            "REF*BM*1",
            "N1*SF*Seller*92*17",
            "HL*2*1*O",
            "PRF*PO1***20261101",
            "HL*3*2*P",
            "MAN*GM*00000000000000000017",
            "HL*4*3*I",
            "LIN*1*BP*X1",
            "SN1*1*38*EA**38*EA",
            "CTT*4",
        ),
    ),
    "810": (
        "IN",
        (
            "BIG*20261125*INV1*20261101*PO1***DI",
            "CUR*SE*USD",
            "REF*VR*V1",
            "N1*RE*Seller*92*17",
            "ITD*01*3*2**10**30",
            "DTM*011*20261125",
            "IT1*1*38*EA*3.72**BP*X1",
            "PID*F****Valve",
            "TDS*14136",
            "TXI*ST*1.00",
            "SAC*C*D240***100",
            "CTT*1*38",
        ),
    ),
    "997": ("FA", ("AK1*PO*1", "AK2*850*0001", "AK3*PO1*5**8", "AK4*2*330*1*X", "AK5*R*5", "AK9*R*1*1*0")),
    "824": (
        "AG",
        (
            "BGN*11*A1000*20261125*1200",
            "N1*SE*Seller*92*17",
            "OTI*TR*IV*INV1*****1*0001*810",
            "REF*IV*INV1",
            "AMT*TT*100",
            "TED*024*BAD*BIG**1*76*X",
        ),
    ),
}

SET_IDS = ("850", *_SETS)


class Swept(NamedTuple):
    """name: `850 BEG03 nul`."""

    name: str
    content: bytes


def sound(set_id: str, control: int) -> bytes:
    """A whole interchange of northwind's with that set, as the standard has it."""
    if set_id == "850":
        return case("bytes/sound_850.edi").replace(b"000070001", b"%09d" % control).replace(b"*70001", b"*%d" % control)
    functional_id, segments = _SETS[set_id]
    written = [f"ST*{set_id}*0001", *segments, f"SE*{len(segments) + 2}*0001"]
    body = "".join(f"{segment}~" for segment in written).encode()
    return _ENVELOPE % (control, functional_id.encode(), control, body, control, control)


def swept(set_id: str, first_control: int, values: Sequence[str], every: int = 1) -> Iterator[Swept]:
    """Each element of each segment, envelope included, one after another written as each of the values; every n-th of them all.

    Control numbers count up from the first one, whether a file is left out or not.
    """
    control = first_control
    for segment in range(len(sound(set_id, 1).split(b"~")) - 1):
        for element in range(1, len(sound(set_id, 1).split(b"~")[segment].split(b"*"))):
            for value in values:
                control += 1
                if control % every == 0:
                    yield _changed(set_id, control, segment, element, value)


def _changed(set_id: str, control: int, segment: int, element: int, value: str) -> Swept:
    segments = sound(set_id, control).split(b"~")
    elements = segments[segment].split(b"*")
    elements[element] = VALUES[value]
    name = f"{set_id} {elements[0].decode()}{element:02d} {value}"
    return Swept(name, b"~".join([*segments[:segment], b"*".join(elements), *segments[segment + 1 :]]))
