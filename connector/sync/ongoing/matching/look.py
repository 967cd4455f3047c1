"""Look: before records are made in Salesforce, whether they stand there already without an external id.

Nothing is asked of anybody where nothing is to be made, or the entity has no rules. Salesforce is asked for
all records of a batch at once. What it has with an external id may be a rival of ours: of these, Gentrack
says what the rules look at, as in an initial run.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa

from connector.entities import entity
from connector.mapping import columns as named
from connector.mapping.active_rules import ActiveRules
from connector.mapping.canonical import folded
from connector.mapping.converters import TEXT
from connector.mapping.matching import Agreement, MatchingRule, Strength
from connector.mapping.vocabulary import EntitySpec
from connector.model.link import LinkState, Match
from connector.sync.ongoing.matching.caught import Caught
from connector.sync.ongoing.matching.judge import judging
from connector.sync.ongoing.matching.net import Net, Sought, asks_of
from connector.sync.ongoing.ports import Agreements, SalesforceRecords
from connector.sync.ongoing.round.ports import GentrackSide, Proposals


@dataclass(frozen=True)
class Matching:
    """Looks by the rules of an instance. `placeholders` are values that stand for nothing."""

    instance: str
    org: SalesforceRecords
    gentrack: GentrackSide
    agreements: Agreements
    proposals: Proposals
    rules: ActiveRules
    placeholders: Collection[str] = ()

    def of_new(self, spec: EntitySpec, records: pd.DataFrame) -> list[Match]:
        """What stands in Salesforce of records that only Gentrack has (rows of a batch of the entity).

        Linked where a strong rule finds one for one, both ways; else proposed. Raises what the clients raise.
        """
        rules = [rule for rule in self.rules.of(spec) if asks_of(rule) and self._is_seen(spec, rule)]
        if records.empty or not rules:
            return []
        ours = _ours(rules, records)
        keys = [str(key) for key in ours["folded"].to_pylist()]
        with judging(self.placeholders) as judge:
            caught = self._caught(spec, rules, judge.sought(rules, ours))
            if not caught.free:
                return []
            said = self.proposals.about(self.instance, spec.name, keys=keys, ids=caught.free)
            linked = sorted(caught.linked - set(keys))
            rivals = [_ours(rules, self.gentrack.records(spec, linked))] if linked else []
            found = judge.matches(
                [replace(r, strength=Strength.WEAK) if r.name in caught.full else r for r in rules],
                pa.concat_tables([ours, *rivals]),
                caught.existing,
                caught.children,
                rejected=[one for one in said if one.state is LinkState.REJECTED],
                wanted=keys,
            )
        taken = {(one.salesforce_id, one.external_id.lower()) for one in said if one.state in _TAKEN}
        return [_unless_taken(one, taken) for one in found]

    def _is_seen(self, spec: EntitySpec, rule: MatchingRule) -> bool:
        """Whether the user sees every field that a rule looks at."""
        return all(
            set(one.theirs) <= self.org.describe(_object_of(spec, one)).fields.keys()
            for one in rule.agreements
        )

    def _caught(self, spec: EntitySpec, rules: Sequence[MatchingRule], sought: Sequence[Sought]) -> Caught:
        own = (name for rule in rules for a in rule.agreements if a.child is None for name in a.theirs)
        columns = tuple(dict.fromkeys(own))
        above = self.org.describe(spec.salesforce_object)
        nets = []
        for rule in rules:
            below = next((self.org.describe(_object_of(spec, a)) for a in rule.agreements if a.child), None)
            nets.append(Net(rule, columns, above, below))
        asked = [(net, soql) for net in nets for soql in net.queries(sought)]
        caught = Caught(nets)
        answers = self.org.queries([soql for _, soql in asked]) if asked else []
        for (net, _), answer in zip(asked, answers, strict=True):
            caught.take(net, answer)
        pairs = self.agreements.of_salesforce_ids(self.instance, spec.name, caught.free)
        caught.link({str(one.salesforce_id): one.key for one in pairs})
        return caught


_TAKEN = (LinkState.PROPOSED, LinkState.LINKED, LinkState.ACCEPTED)


def _object_of(spec: EntitySpec, agreement: Agreement) -> str:
    of = spec if agreement.child is None else entity(agreement.child.entity)
    return of.salesforce_object


def _ours(rules: Sequence[MatchingRule], records: pd.DataFrame) -> pa.Table:
    """key, folded, key_broken, and what the rules look at."""
    keys = records[named.KEY].astype(TEXT)
    columns = {named.KEY: keys, "folded": folded(keys)}
    for name in (named.gentrack(c) for rule in rules for a in rule.agreements for c in a.ours):
        columns[name] = records[name].astype(TEXT)
    table = {name: pa.array(column, pa.string()) for name, column in columns.items()}
    return pa.table({**table, named.KEY_BROKEN: pa.array(records[named.KEY_BROKEN], pa.bool_())})


def _unless_taken(match: Match, taken: Collection[tuple[str, str]]) -> Match:
    """What stands for another record already, or may, is no link by itself."""
    of_others = any(one == match.salesforce_id and key != match.external_id.lower() for one, key in taken)
    return replace(match, state=LinkState.PROPOSED) if of_others else match
