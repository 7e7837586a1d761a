import pytest

from mlconn_pipelines.edi.gtin import gtin_fault, has_valid_check_digit, qualified, spellings


@pytest.mark.parametrize("number", ["036000291452", "4006381333931", "00614141000036", "106141411234567897"])
def test_published_numbers_have_their_check_digits(number):
    assert has_valid_check_digit(number)


@pytest.mark.parametrize(
    ("barcode", "fault"),
    [
        ("036000291453", "check digit is 2"),
        ("12345", "5 digits"),
        ("03600029145X", "other characters"),
        ("٠٣٦٠٠٠٢٩١٤٥٢", "other"),
    ],
)
def test_what_is_wrong_is_said(barcode, fault):
    assert fault in gtin_fault(barcode)


@pytest.mark.parametrize(
    ("barcode", "wanted", "expected"),
    [
        ("036000291452", ("EN", "UP"), ("UP", "036000291452")),
        ("0036000291452", ("UP",), ("UP", "036000291452")),
        ("4006381333931", ("UP",), None),
        ("4006381333931", ("UP", "UK"), ("UK", "04006381333931")),
        ("036000291452", ("VP",), None),
    ],
)
def test_a_number_goes_under_a_qualifier_that_can_hold_it(barcode, wanted, expected):
    assert qualified(barcode, wanted) == expected


def test_a_number_has_one_identity_in_all_lengths():
    assert set(spellings("036000291452")) == {"036000291452", "0036000291452", "00036000291452"}
