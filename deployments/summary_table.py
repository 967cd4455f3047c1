"""The summary of a run for a person in a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from connector.model.outcome import RunOutcome

_STYLES = {
    RunOutcome.COMPLETED.value: "bold green",
    RunOutcome.COMPLETED_WITH_ERRORS.value: "bold yellow",
    RunOutcome.FAILED.value: "bold red",
}
_COLUMNS = ("read", "created", "updated", "unchanged", "held", "rejected", "failed")


def show_summary(summary: Mapping[str, Any], console: Console) -> None:
    """Print the outcome, the counts by Salesforce object, the seconds, and where report and email lie."""
    console.print()
    console.print(summary["message"], style=_STYLES[summary["outcome"]], highlight=False, soft_wrap=True)
    console.print(counts_table(summary["entities"]))
    console.print()
    differing = summary.get("write_back") or {"fields": 0}
    if differing["fields"]:
        told = f"{differing['fields']:,} fields differ ({differing['mode']}): {differing['file']}"
        console.print(f"{'write-back':<14} {told}", highlight=False, soft_wrap=True, markup=False)
    for name, value in (
        ("seconds", summary["seconds"]),
        ("report", summary["report_file"]),
        ("errors", summary["errors_file"]),
        ("in Salesforce", summary["report_url"]),
        ("email", summary["email"]),
    ):
        if value is not None:
            console.print(f"{name:<14} {value}", highlight=False, soft_wrap=True, markup=False)


def counts_table(entities: Mapping[str, Mapping[str, int]]) -> Table:
    """Counts by Salesforce object and outcome."""
    table = Table("", *_COLUMNS, box=None, pad_edge=False, collapse_padding=True)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in entities.items():
        table.add_row(name, *(f"{counts[column]:,}" for column in _COLUMNS))
    return table
