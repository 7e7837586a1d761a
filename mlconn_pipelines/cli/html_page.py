"""Pages of HTML that need nothing but themselves: headings, tables, text; everything that is put in is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlconn_pipelines.printable import for_html

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { text-align: left; vertical-align: top; padding: .2rem .7rem; border-bottom: 1px solid #ddd }
th { border-bottom: 2px solid #888 }
.segment td { background: #f3f5f8; font-weight: 600 }
.rule { color: #7a3e00 } .reject { color: #a40000 } .accept_with_error { color: #8a5a00 } .ignore { color: #555 }
code, .code { font-family: ui-monospace, monospace; white-space: pre-wrap }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e6e6e6 } th, td { border-color: #3a3f47 } .segment td { background: #22262d }
  .rule { color: #ffb35c } .reject { color: #ff8a80 } .accept_with_error { color: #ffd180 } .ignore { color: #aaa }
}
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page with that title as heading. parts: pieces of HTML from the functions below."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{for_html(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{for_html(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def paragraph(text: str, css_class: str = "") -> str:
    return f"<p{_class(css_class)}>{for_html(text)}</p>"


def table(columns: Sequence[str], rows: Iterable[tuple[Sequence[str], str, int]]) -> str:
    """rows: cells, class of the row (`segment` for those that begin something), indentation of the first cell in steps."""
    head = "".join(f"<th>{for_html(column)}</th>" for column in columns)
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(_row(*row) for row in rows) + "\n</table>"


def _row(cells: Sequence[str], css_class: str, depth: int) -> str:
    inner = []
    for number, cell in enumerate(cells):
        style = f' style="padding-left: {0.7 + 1.4 * depth:.1f}rem"' if number == 0 and depth else ""
        inner.append(f"<td{style}>{for_html(cell).replace(chr(10), '<br>')}</td>")
    return f"<tr{_class(css_class)}>{''.join(inner)}</tr>"


def _class(css_class: str) -> str:
    return f' class="{for_html(css_class)}"' if css_class else ""
