"""Faults of a received order, and what is to be answered to each: a 997 in 004010 and in 005010, a 999, a TA1.

Written from what X12 says of AK1 to AK9 and of the TA1, and not from what the program gives. `docs/acknowledgments.md` is this
table as a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of

Column = Literal["997 in 004010", "997 in 005010", "999", "TA1"]
COLUMNS: tuple[Column, ...] = ("997 in 004010", "997 in 005010", "999", "TA1")
NO_ANSWER = "none"

Change = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the order of `guides.ORDER`, whose interchange asks for a TA1 (ISA14).

    says: for people. level: where X12 puts it. order: what is written otherwise between ST and SE, before they are counted.
    whole: the same of the whole interchange afterwards, by patterns. answer: the segments that are expected of the 997 in 004010,
    `/` between what that and what 005010 has; empty where no group is answered. ta1: behind ISA13, ISA09 and ISA10.
    named: the order's number, which a 999 says in a context behind each IK3; empty where nothing in it names the order.
    their: ISA05 as the partner's file has it. is_release_named: AK103 names GS08 from 005010 on; before, there is no 999 either.
    """

    says: str
    level: str
    order: tuple[Change, ...]
    whole: tuple[Change, ...]
    answer: tuple[str, ...]
    ta1: str = "000000007*260304*0506*A*000"
    named: str = "4500012345"
    their: str = "01"
    is_release_named: bool = True

    def content(self, version: str) -> bytes:
        """The interchange with the fault."""
        text = "~".join(ORDER)
        for old, new in self.order:
            assert old in text, (self.says, old)
            text = text.replace(old, new, 1)
        whole = interchange_of(*text.split("~"), version=version).decode("latin-1").replace("*000000007*0*", "*000000007*1*")
        for pattern, new in self.whole:
            changed = re.sub(pattern, lambda _, new=new: new, whole, count=1)  # type: ignore[misc]
            assert changed != whole, (self.says, pattern)
            whole = changed
        return whole.encode("latin-1")

    def expected(self, column: Column) -> str:
        """The segments between ST and SE, or the TA1; `none` where there is no such answer."""
        if column == "TA1":
            return f"TA1*{self.ta1}" if self.ta1 != NO_ANSWER else NO_ANSWER
        if column == "999" and not self.is_release_named:
            return NO_ANSWER
        segments = [_of_release(segment, column == "997 in 004010") for segment in self.answer]
        if column != "997 in 004010" and self.is_release_named:
            segments = [f"{segment}*005010" if segment.startswith("AK1") else segment for segment in segments]
        if column == "999":
            segments = [part for segment in segments for part in self._as_999(segment)]
        return "~".join(segments) or NO_ANSWER

    def _as_999(self, segment: str) -> list[str]:
        """AK3 to AK5 are IK3 to IK5 there, and a context behind each IK3 names the document."""
        written = re.sub(r"^AK([345])", r"IK\1", segment)
        return [written, f"CTX*BEG03>{self.named}"] if segment.startswith("AK3") and self.named else [written]


def _of_release(text: str, is_004010: bool) -> str:
    return re.sub(r"([^*/]*)/([^*/]*)", r"\1" if is_004010 else r"\2", text)


AK1, AK2 = "AK1*PO*7", "AK2*850*0001"
ACCEPTED = (AK1, AK2, "AK5*A", "AK9*A*1*1*1")
NOTED = ("AK5*E*5", "AK9*E*1*1*1")
REFUSED = ("AK5*R*5", "AK9*R*1*1*0")


def _in_order(level: str, says: str, change: Change, *answer: str, named: str = "4500012345") -> Fault:
    """A fault between ST and SE. answer: behind AK2; that of a set that is refused for its segments need not be written."""
    verdict = () if not answer or answer[-1].startswith("AK9") else REFUSED
    segments = (AK1, AK2, *answer, *verdict) if answer else ACCEPTED
    return Fault(says, level, (change,), (), segments, named=named)


def _element(says: str, change: Change, *answer: str, named: str = "4500012345") -> Fault:
    return _in_order("element", says, change, *answer, named=named)


def _segment(says: str, change: Change, *answer: str, named: str = "4500012345") -> Fault:
    return _in_order("segment", says, change, *answer, named=named)


def _set(says: str, change: Change, *answer: str) -> Fault:
    """A fault of ST, SE or of the place of the set."""
    return Fault(says, "set", (), (change,), (AK1, *answer))


def _group(says: str, change: Change, *answer: str, ta1: str = "A*000") -> Fault:
    return Fault(says, "group", (), (change,), answer, f"000000007*260304*0506*{ta1}")


def _interchange(says: str, change: Change, ta1: str, *answer: str, their: str = "01") -> Fault:
    """answer: that of a sound order where none is written, since its group is another matter."""
    ta1 = ta1 if ta1 == NO_ANSWER or ta1.count("*") == 4 else f"000000007*260304*0506*{ta1}"
    segments = () if answer == (NO_ANSWER,) else answer or ACCEPTED
    return Fault(says, "interchange", (), (change,), segments, ta1, their=their)


_LONG = "4" * 23
_FEW = "BEG*00*SA*4500099999**20260301~PO1*1*{quantity}*EA~CTT*1~SE*5*{number}~GE*2*"
_SECOND = "ST*850*0002~" + _FEW.format(quantity="1", number="0002")
_BODY = r"ST\*.*SE\*12\*0001~"

FAULTS: tuple[Fault, ...] = (
    Fault("nothing", "none", (), (), ACCEPTED),
    _in_order("none", "CTT01 states 3 lines of 2", ("CTT*2", "CTT*3")),
    _in_order("none", "N101 has a code beyond a list that partners extend", ("N1*ST", "N1*Q?")),
    Fault("an empty segment stands between others", "none", (), ((r"~DTM", "~~DTM"),), ACCEPTED),
    # elements
    _element("BEG03, mandatory, is empty", ("4500012345", ""), "AK3*BEG*2**8", "AK4*3*324*1", named=""),
    _element("BEG03, mandatory, is blanks", ("4500012345", "   "), "AK3*BEG*2**8", "AK4*3*324*1", named=""),
    _element("REF01 stands alone (R0203)", ("REF*DP*038", "REF*DP"), "AK3*REF*3**8", "AK4*2*127*2"),
    _element("N103 has no N104 (P0304)", ("*92*0012", "*92"), "AK3*N1*5**8", "AK4*4*67*2"),
    _element("PO103 has no PO102 (C0302)", ("*10*EA*4.5", "**EA*4.5"), "AK3*PO1*8**8", "AK4*2*330/380*2"),
    _element("PO108 has no PO109 (P0809)", ("*UP*012345678905", "*UP"), "AK3*PO1*8**8", "AK4*9*234*2"),
    _element("N1 has a seventh element", ("*92*0012", "*92*0012***X"), "AK3*N1*5**8", "AK4*7**3*X"),
    _element("N402 is too short", ("*IL*", "*I*"), "AK3*N4*7**8", "AK4*2*156*4*I"),
    _element("BEG03 is too long", ("4500012345", _LONG), "AK3*BEG*2**8", f"AK4*3*324*5*{_LONG}", named=_LONG),
    _element("PO102 is a word", ("*10*EA", "*ten*EA"), "AK3*PO1*8**8", "AK4*2*330/380*6*ten"),
    _element("PO102 has a separator of thousands", ("*10*EA", "*1,000*EA"), "AK3*PO1*8**8", "AK4*2*330/380*6*1,000"),
    _element("PO104 has an exponent", ("*4.5*", "*4E1*"), "AK3*PO1*8**8", "AK4*4*212*6*4E1"),
    _element("SAC05 has a point where it is implied", ("DTM*", "SAC*A*C310***1.00~DTM*"), "AK3*SAC*4**8", "AK4*5*610*6*1.00"),
    _element("PID05 has a control character", ("Widget", "Wid\x07get"), "AK3*PID*9**8", "AK4*5*352*6*Wid get"),
    Fault(
        "N102 is not ASCII",
        "element",
        (),
        (("Store 12", "Store \xe9"),),
        (AK1, AK2, *("AK3*N1*5**8", "AK4*2*93*6*Store"), *NOTED),
    ),
    _element("BEG01 is no code of a closed list", ("BEG*00", "BEG*QQ"), "AK3*BEG*2**8", "AK4*1*353*7*QQ", *NOTED),
    _element("BEG05 is no date", ("20260301", "20260230"), "AK3*BEG*2**8", "AK4*5*373*8*20260230"),
    _element("DTM02 has six digits", ("20260315", "260315"), "AK3*DTM*4**8", "AK4*2*373*4*260315"),
    _element("DTM03 is no time", ("20260315", "20260315*2460"), "AK3*DTM*4**8", "AK4*3*337*9*2460"),
    _element("TD301 and TD310 exclude each other", ("N1*", "TD3*20*********4010~N1*"), "AK3*TD3*5**8", "AK4*10*24*10"),
    _element("PO103 holds two units", ("*10*EA*", "*10*EA^CA*"), "AK3*PO1*8**8", "AK4*3*355*5/12*EA CA"),
    _element(
        "REF04 has seven components",
        ("*038", "*038**DP>1>DP>2>DP>3>X"),
        *("AK3*REF*3**8", "AK4*4>7**13*DP 1 DP 2 DP 3 X"),
    ),
    _element(
        "two elements of one segment are wrong",
        ("*10*EA*4.5", "*ten*EA*x"),
        *("AK3*PO1*8**8", "AK4*2*330/380*6*ten", "AK4*4*212*6*x"),
    ),
    # segments
    _segment("DTM ends with a separator", ("20260315", "20260315*"), "AK3*DTM*4**8", *NOTED),
    _segment("X12 has no segment ZZZ", ("CTT*", "ZZZ*1~CTT*"), "AK3*ZZZ*11*PO1*1"),
    _segment("N3 stands where no N1 has opened", ("REF*", "N3*1 Main Street~REF*"), "AK3*N3*3**2"),
    _segment("BEG, mandatory, is missing", (f"{ORDER[0]}~", ""), "AK3*BEG*2**3", named=""),
    _segment("PO1, mandatory, is missing", ("~".join(ORDER[6:9]) + "~", ""), "AK3*PO1*8*PO1*3"),
    _segment("the N1 loop stands 201 times", ("N1*", "N1*ST*X~" * 200 + "N1*"), "AK3*N1*205*N1*4"),
    _segment("CUR stands twice", ("REF*", "CUR*BY*USD~CUR*BY*USD~REF*"), "AK3*CUR*4**5"),
    _segment("IT1 is no segment of an 850", ("CTT*", "IT1*1~CTT*"), "AK3*IT1*11*PO1*6"),
    _segment("CUR stands behind REF", ("DTM*", "CUR*BY*USD~DTM*"), "AK3*CUR*4**7"),
    # sets
    _set("SE is missing", (r"SE\*12\*0001~", ""), AK2, "AK5*R*2", "AK9*R*1*1*0"),
    _set("SE02 is another number", (r"SE\*12\*0001", "SE*12*0009"), AK2, "AK5*R*3", "AK9*R*1*1*0"),
    _set("SE01 states another count", (r"SE\*12", "SE*11"), AK2, "AK5*R*4", "AK9*R*1*1*0"),
    _set("ST01 has four characters", (r"ST\*850", "ST*8500"), AK2, "AK5*R*6", "AK9*R*1*1*0"),
    _set("ST01 is empty", (r"ST\*850", "ST*"), "AK2*000*0001", "AK5*R*6", "AK9*R*1*1*0"),
    Fault(
        "ST02 has one character",
        "set",
        (),
        ((r"850\*0001", "850*1"), (r"12\*0001", "12*1")),
        (AK1, AK2, "AK3*ST*1**8", "AK4*2*329*4*1", *("AK3*SE*12**8", "AK4*2*329*4*1"), "AK5*R*7*5", "AK9*R*1*1*0"),
    ),
    Fault(
        "ST02 has ten characters",
        "set",
        (),
        ((r"850\*0001", "850*1234567890"), (r"12\*0001", "12*1234567890")),
        (
            AK1,
            "AK2*850*123456789",
            "AK3*ST*1**8",
            "AK4*2*329*5*1234567890",
            *("AK3*SE*12**8", "AK4*2*329*5*1234567890"),
            "AK5*R*7*5",
            "AK9*R*1*1*0",
        ),
    ),
    _set(
        "two sets have one ST02",
        (r"GE\*1\*", "ST*850*0001~" + _FEW.format(quantity="1", number="0001")),
        *(AK2, "AK5*A", AK2, "AK5*R*23", "AK9*P*2*2*1"),
    ),
    Fault(
        "an 850 stands in a group of invoices",
        "set",
        (),
        ((r"GS\*PO", "GS*IN"),),
        ("AK1*IN*7", AK2, "AK5*E*6/18", "AK9*E*1*1*1"),
    ),
    Fault(
        "a set that there is no grammar for",
        "set",
        (),
        ((r"GS\*PO", "GS*PS"), (r"ST\*850", "ST*830")),
        ("AK1*PS*7", "AK2*830*0001", "AK5*R*1", "AK9*R*1*1*0"),
    ),
    Fault(
        "of two sets the second has a wrong quantity",
        "set",
        (),
        ((r"GE\*1\*", "ST*850*0002~" + _FEW.format(quantity="one", number="0002")),),
        (AK1, AK2, "AK5*A", "AK2*850*0002", "AK3*PO1*3**8", "AK4*2*330/380*6*one", "AK5*R*5", "AK9*P*2*2*1"),
        named="4500099999",
    ),
    _set(
        "of two sets the second has lost its ST",
        (r"GE\*1\*", _SECOND.replace("ST*850", "XX*850")),
        *(AK2, "AK5*A", "AK9*P*2*1*1*5"),
    ),
    # groups
    _group("GE is missing", (r"GE\*1\*7~", ""), AK1, AK2, "AK5*R", "AK9*R*1*1*0*3"),
    _group("GE02 is another number", (r"GE\*1\*7", "GE*1*8"), AK1, AK2, "AK5*R", "AK9*R*1*1*0*4"),
    _group("GE01 states another count", (r"GE\*1\*7", "GE*3*7"), AK1, AK2, "AK5*A", "AK9*E*3*1*1*5"),
    Fault(
        "GS06 is that of a group before it",
        "group",
        (),
        (
            (
                r"GE\*1\*7~IEA\*1",
                "GE*1*7~"
                + "GS*PO*THEIRGROUP*OURGROUP*20260304*0506*7*X*VERSION~"
                + _SECOND.replace("GE*2", "GE*1")
                + "7~IEA*2",
            ),
        ),
        (*ACCEPTED, AK1, "AK2*850*0002", "AK5*R", "AK9*R*1*1*0*6/19"),
    ),
    Fault(
        "GS08 is of a release without grammar",
        "group",
        (),
        ((r"X\*00\d010~", "X*003040~"),),
        (AK1, AK2, "AK5*R*1", "AK9*R*1*1*0*2"),
        is_release_named=False,
    ),
    _group("GS04 is no date", (r"OURGROUP\*20260304", "OURGROUP*20260230"), AK1, AK2, "AK5*A", "AK9*E*1*1*1"),
    _group("the group is empty, as GE01 says", (_BODY + r"GE\*1", "GE*0"), AK1, "AK9*A*0*0*0"),
    _group("the group is empty, and GE01 states one set", (_BODY, ""), AK1, "AK9*R*1*0*0*5"),
    _group("GS06 is no number", (r"0506\*7\*X", "0506*ABC*X"), ta1="R*024"),
    _group("GS01 is one letter", (r"GS\*PO", "GS*P"), ta1="R*024"),
    _group("GS ends behind GS03", (r"OURGROUP\*[^~]*~ST", "OURGROUP~ST"), ta1="R*024"),
    _group("there is no GS", (r"GS\*[^~]*~", ""), ta1="R*022"),
    # interchanges
    _interchange("IEA is missing", (r"IEA\*1\*000000007~", ""), "R*023", NO_ANSWER),
    _interchange("IEA02 is another number", (r"IEA\*1\*000000007", "IEA*1*000000008"), "R*001", NO_ANSWER),
    _interchange("IEA01 states another count", (r"IEA\*1", "IEA*3"), "E*021"),
    _interchange("a segment stands between ISA and GS", (r"~GS", "~N1*ST*X~GS"), "R*022", NO_ANSWER),
    _interchange("ISA01 is no code", (r"ISA\*00", "ISA*99"), "E*010"),
    _interchange("ISA03 is no code", (r"\*00\*          \*01", "*77*          *01"), "E*012"),
    _interchange("ISA05 is no code", (r"\*01\*1234", "*77*1234"), "E*005", their="77"),
    _interchange("ISA09 is no date", (r"\*260304\*0506\*", "*260230*0506*"), "000000007*000000*0506*E*014"),
    _interchange("ISA10 is no time", (r"\*260304\*0506\*", "*260304*0560*"), "000000007*260304*0000*E*015"),
    _interchange("ISA11 is a letter that separates nothing", (r"0506\*[U^]\*", "0506*Q*"), "E*016"),
    _interchange("ISA12 is no version", (r"\*00(4|5)01\*", "*ABCDE*"), "E*017"),
    _interchange("ISA13 is no number", (r"\*000000007\*1", "*00000X007*1"), "000000000*260304*0506*R*018", NO_ANSWER),
    _interchange("ISA14 is no code, and asks for no TA1", (r"000000007\*1\*", "000000007*X*"), NO_ANSWER),
    _interchange("ISA15 is none of P, T and I", (r"\*1\*P\*", "*1*Q*"), "R*020", NO_ANSWER),
    _interchange("ISA16 is a letter", (r"\*1\*P\*>", "*1*P*B"), "E*027"),
    _interchange("ISA16 is the element separator", (r"\*1\*P\*>", "*1*P**"), "E*027"),
    _interchange("the terminator of ISA does not come again", (r"\*1\*P\*>~", "*1*P*>|"), "R*004", NO_ANSWER),
    _interchange("the ISA lost its padding", (r"123456789      \*", "123456789*"), "E*024"),
)
