"""The files of a plan on this machine: one for people, one for machines. They hold personal data."""

import json
from itertools import groupby
from pathlib import Path

from connector.model.plan import Plan, Sample
from connector.sync.pages import page

PLAN_PAGE = "plan.html"
PLAN_FILE = "plan.json"


def write_plan(plan: Plan, folder: Path) -> None:
    """Write plan.html and plan.json into the report's folder of the run, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    contents = {PLAN_PAGE: plan_page(plan), PLAN_FILE: json.dumps(plan.as_dict(), indent=2) + "\n"}
    for name, content in contents.items():
        unfinished = folder / f"{name}.unfinished"
        unfinished.write_text(content, "utf-8")
        unfinished.replace(folder / name)


def plan_page(plan: Plan) -> str:
    """The plan as a page that stands alone; samples are folded away."""

    def kind(sample: Sample) -> tuple[str, str, str]:
        return sample.sobject, sample.outcome, sample.code

    samples = [(of, list(rows)) for of, rows in groupby(plan.samples, kind)]
    return page("plan.html.j2", plan=plan, samples=samples)
