from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.x12.long_text import joined, pieces_of


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text("ab ", max_size=60), st.integers(1, 12))
def test_the_pieces_of_a_text_make_it_again(text: str, longest: int) -> None:
    pieces = pieces_of(text, longest)
    assert all(0 < len(piece) <= longest for piece in pieces)
    assert joined(pieces, longest) == " ".join(text.split())


def test_pieces_end_with_letters_where_words_allow_it() -> None:
    assert pieces_of("one two three", 8) == ["one two", "three"]
    assert pieces_of("", 8) == []
