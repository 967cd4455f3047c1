"""The net: queries that catch every record of Salesforce which a matching rule may find, and few others.

SOQL compares text whatever its letter case, and knows no normal form. So a value in normal form becomes a
condition that each of its spellings meets: a LIKE with a wildcard wherever a spelling may have a blank, a
dash, an apostrophe or an accent. What is caught is judged by the rules afterwards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.mapping.matching import Agreement, MatchingRule
from connector.mapping.normal_forms import NormalForm
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.model.describe import ObjectDescribe
from connector.model.soql import soql_text
from connector.sync.ongoing.salesforce.soql import pieces
from connector.sync.soql import parent_path

MOST = 2000
"""Records that a query answers with at most: where it does, there may be more."""
Sought = Mapping[tuple[NormalForm, str], str]
"""What one of our records has in a form and a column of the source view; missing values are left out."""
_PLAIN = frozenset("bdfghjklmpqrtvwx0123456789")
"""What has no accent and is no part of a ligature: other letters may be written in several ways."""
_LETTERS = 10
"""Of a name that are asked for."""
_A_QUERY = 50
"""Records that one query asks for."""


@dataclass(frozen=True)
class Net:
    """What a rule asks: records of `above`, by `below`, the object of its child, where it looks at one.

    `columns` are the fields of the records themselves that any rule looks at.
    """

    rule: MatchingRule
    columns: Sequence[str]
    above: ObjectDescribe
    below: ObjectDescribe | None = None

    @property
    def path(self) -> str:
        """Where an answer holds the record; empty where it is the record itself. Raises RequestRefused."""
        if self.below is None:
            return ""
        return parent_path(self.below, self.rule.children[0].lookup).removesuffix(EXTERNAL_ID)

    @property
    def child_columns(self) -> tuple[str, ...]:
        """The fields of the child that the rule looks at."""
        return tuple(name for one in self.rule.agreements if one.child is not None for name in one.theirs)

    def queries(self, sought: Iterable[Sought]) -> Iterator[str]:
        """The queries for some of our records; none where each lacks something that the rule looks at."""
        conditions = dict.fromkeys(filter(None, map(self._condition, sought)))
        columns = ["Id", EXTERNAL_ID, *self.columns]
        if self.below is not None:
            own = ["Id", EXTERNAL_ID, self.rule.children[0].lookup, *self.child_columns]
            columns = [*own, *(self.path + name for name in columns)]
        head = f"SELECT {', '.join(dict.fromkeys(columns))} FROM {(self.below or self.above).name} WHERE "
        for some in pieces(head, list(conditions), lambda one: f"{one} OR ", most=_A_QUERY):
            yield f"{head}{' OR '.join(some)} LIMIT {MOST}"

    def _condition(self, sought: Sought) -> str | None:
        """What a record meets that the rule finds for ours; None where it can find none."""
        each: list[str] = []
        for agreement in self.rule.agreements:
            values = {sought.get((agreement.form, column)) for column in agreement.ours} - {None}
            if not values:
                return None
            ways = [
                _equal(agreement.form, self._field(agreement, name), value)
                for name in agreement.theirs
                for value in sorted(str(one) for one in values)
            ]
            if all(ways):
                each.append(f"({' OR '.join(ways)})")
        return f"({' AND '.join(each)})"

    def _field(self, agreement: Agreement, name: str) -> str:
        return name if agreement.child is not None else self.path + name


def asks_of(rule: MatchingRule) -> bool:
    """Whether SOQL can compare anything that a rule looks at."""
    return any(_equal(agreement.form, "Name", "1") for agreement in rule.agreements)


def _equal(form: NormalForm, field: str, value: str) -> str:
    """A condition that every value with this normal form meets; empty where SOQL can say none."""
    match form:
        case NormalForm.EMAIL:
            return f"{field} = {soql_text(value)}"
        case NormalForm.DATE:
            return f"{field} = {value}"
        case NormalForm.NUMBER:
            spaced = "%".join(value) + "%"
            return f"{field} LIKE {soql_text(spaced)} OR {field} LIKE {soql_text('0%' + spaced)}"
        case NormalForm.POSTCODE:
            return f"{field} LIKE {soql_text('%'.join(value) + '%')}"
        case NormalForm.NAME | NormalForm.PERSON:
            return f"{field} LIKE {soql_text(_name(value))}"
        case NormalForm.PHONE:
            return ""


def _name(value: str) -> str:
    """A name as LIKE takes it: its plain letters in their order. `and` may be written as &."""
    words = " ".join(word for word in value.split() if word != "and")
    letters = [letter for letter in words if letter in _PLAIN][:_LETTERS]
    return "%" + "".join(f"{letter}%" for letter in letters)
