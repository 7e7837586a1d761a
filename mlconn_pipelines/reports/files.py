"""A frame as a file: CSV, a workbook (xlsx) or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def write_csv(frame: pd.DataFrame, target: Path | IO[str]) -> None:
    """UTF-8 with a heading line; dates as 2026-01-05, moments as 2026-01-05T12:00:00Z, amounts with all their digits."""
    shown = frame.copy()
    for name in frame.select_dtypes(include=["datetimetz"]):
        shown[name] = frame[name].dt.strftime(MOMENT)
    for name in frame.select_dtypes(include=["datetime"]):
        shown[name] = frame[name].dt.strftime("%Y-%m-%d")
    shown.to_csv(target, index=False, lineterminator="\n")


def write_xlsx(frame: pd.DataFrame, target: Path, title: str = "report") -> None:
    """A workbook of one sheet with a frozen heading and filters. Texts stay texts: none becomes a formula or a link.

    Excel knows no zones: moments are UTC, as their columns' names say.
    """
    import pandas as pd

    moments = list(frame.select_dtypes(include=["datetimetz"]))
    shown = frame.copy()
    for name in moments:
        shown[name] = frame[name].dt.tz_localize(None)
    shown = shown.rename(columns={name: f"{name}_utc" for name in moments})
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        writer = pd.ExcelWriter(
            target,
            engine="xlsxwriter",
            date_format="yyyy-mm-dd",
            datetime_format="yyyy-mm-dd hh:mm:ss",
            engine_kwargs={"options": plain},
        )
    except ImportError:
        raise _missing("xlsx", "xlsxwriter") from None
    with writer:
        shown.to_excel(writer, sheet_name=title, index=False, freeze_panes=(1, 0))
        sheet = writer.sheets[title]
        sheet.autofilter(0, 0, len(shown), len(shown.columns) - 1)
        sheet.autofit()


def write_parquet(frame: pd.DataFrame, target: Path) -> None:
    """Columns with their types, amounts as decimals."""
    try:
        frame.to_parquet(target, engine="pyarrow", index=False)
    except ImportError:
        raise _missing("parquet", "pyarrow") from None


WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def _missing(form: str, library: str) -> ConfigurationError:
    return ConfigurationError(
        f"{form} files need {library}, which is not installed", "Run: pip install 'mlconn-pipelines[reports]'"
    )
