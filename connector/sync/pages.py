"""Pages for people: HTML that stands alone, all of one look (`templates/page.html.j2`)."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.model.outcome import RowOutcome

_PAGES = Environment(
    loader=PackageLoader("connector.sync"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def page(template: str, **values: object) -> str:
    """A template of `templates/` with its values and the outcomes of rows filled in."""
    return _PAGES.get_template(template).render(outcomes=list(RowOutcome), **values)
