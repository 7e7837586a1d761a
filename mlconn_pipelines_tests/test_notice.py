"""The licences that our users get with us: each locked package's is known, and NOTICE says it."""

from __future__ import annotations

from importlib.metadata import metadata

from mlconn_pipelines_tests.notice import NOTICE, ROOT, license_of, locked, notice


def test_every_locked_package_has_a_licence_that_we_know() -> None:
    assert [name for name in locked() if not license_of(name)] == []


def test_notice_names_them_all() -> None:
    assert NOTICE.read_text(encoding="utf-8") == notice(), "write it anew: python -m mlconn_pipelines_tests.notice"


def test_a_package_whose_licence_is_not_known_is_found() -> None:
    assert license_of("no-such-package") == ""


def test_ours_is_stated() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert metadata("mlconn-pipelines").json["license_expression"] == "Apache-2.0"
