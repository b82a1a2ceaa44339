"""Write the table of settings in docs/configuration.md anew, from the table in the code: `make settings-table`."""

from __future__ import annotations

from pathlib import Path

from discreet._config.settings import ROWS

PAGE = Path(__file__).with_name("configuration.md")
BEGIN, END = "<!-- begin: make settings-table -->\n", "<!-- end: make settings-table -->\n"


def table() -> str:
    """The table as Markdown."""
    lines = ["| `configure(...)` | variable | values | default | what it is |", "|---|---|---|---|---|"]
    for name, row in ROWS.items():
        more = f" ([more]({row.page.removeprefix(PAGE.name)}))" if row.page else ""
        variable = f"`{row.variable}`" if row.variable else ""
        lines.append(f"| `{name}` | {variable} | {row.values} | {row.default.words} | {row.meaning}{more} |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """The page with the table between its marks."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
