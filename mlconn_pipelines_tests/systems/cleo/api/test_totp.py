from __future__ import annotations

import pytest

from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.systems.cleo.api.totp import one_time_code

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"), (2000000000, "69279037")],
)
def test_the_examples_of_rfc_6238(at: int, code: str) -> None:
    assert one_time_code(SECRET, at, digits=8) == code
    assert one_time_code(SECRET.lower(), at) == code[2:]


def test_a_code_lasts_thirty_seconds() -> None:
    assert one_time_code(SECRET, 30) == one_time_code(SECRET, 59.9) != one_time_code(SECRET, 60)


def test_a_secret_that_is_none_is_not_repeated() -> None:
    with pytest.raises(VaultError) as raised:
        one_time_code("hush-hush-1", 0)
    assert "hush" not in str(raised.value).lower()
