import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.edi.text_fitting import clean, fit_name, fit_street, wrap


@given(st.text(), st.integers(1, 80))
def test_wrapping_loses_nothing_but_blanks(text, width):
    lines = wrap(text, width)
    assert all(0 < len(line) <= width and line == line.strip() for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_a_name_is_in_its_two_lines_or_named_as_lost(name, second, third):
    first, further, lost = fit_name(name, second, third)
    assert len(first) <= 60 and len(further) <= 60
    whole = f"{clean(name)}{clean(second)}{clean(third)}".replace(" ", "")
    assert (first + further + lost).replace(" ", "") == whole


@pytest.mark.parametrize(
    ("parts", "lines", "lost"),
    [
        (("100 Main Street", "", "Hall 3"), ("100 Main Street", "Hall 3"), ""),
        (("a " * 60,), (("a " * 28).strip()[:55], ("a " * 28).strip()[:55], "a a a a"), ""),
        (("1", "2", "3", "4", "5 and more"), ("1", "2", "3", "4"), "5 and more"),
    ],
)
def test_streets_are_wrapped_into_four_lines(parts, lines, lost):
    assert fit_street(*parts) == (lines, lost)


def test_control_characters_are_blanks():
    assert clean("a\x1db\u00a0c\x00\n") == "a b c"
