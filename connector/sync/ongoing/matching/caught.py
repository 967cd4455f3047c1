"""Caught: what Salesforce answered to the nets of an entity's rules, as the tables that are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connector.mapping import columns as named
from connector.mapping.vocabulary import EXTERNAL_ID
from connector.sync.ongoing.matching.net import MOST, Net

_Rows = dict[str, dict[str, Any]]
"""By Salesforce id."""


@dataclass
class Caught:
    """Records and their children, each once. `full` names the rules that caught more than is told."""

    nets: Sequence[Net]
    rows: _Rows = field(default_factory=dict)
    full: set[str] = field(default_factory=set)
    _below: dict[str, _Rows] = field(default_factory=dict)

    def take(self, net: Net, answer: Sequence[Mapping[str, Any]]) -> None:
        """Take what a query of a net answered."""
        if len(answer) >= MOST:
            self.full.add(net.rule.name)
        for record in answer:
            above = record
            if net.below is not None:
                child = net.rule.children[0]
                above = {**(record.get(net.path.rstrip(".")) or {}), "Id": record[child.lookup]}
                row = {named.salesforce(name): record.get(name) for name in net.child_columns}
                row[named.parent_id(child.lookup)] = record[child.lookup]
                self._below.setdefault(child.entity, {})[record["Id"]] = row
            row = {named.salesforce(name): above.get(name) for name in net.columns}
            if above["Id"]:
                self.rows[above["Id"]] = {named.KEY: above.get(EXTERNAL_ID), **row}

    @property
    def free(self) -> list[str]:
        """The records that carry no external id."""
        return [one for one, row in self.rows.items() if row[named.KEY] is None]

    def link(self, keys: Mapping[str, str]) -> None:
        """Give records, by Salesforce id, the external ids that they are linked with."""
        for one, key in keys.items():
            self.rows[one][named.KEY] = self.rows[one][named.KEY] or key

    @property
    def linked(self) -> set[str]:
        """The external ids, case folded, of the records that have one."""
        return {str(row[named.KEY]).lower() for row in self.rows.values() if row[named.KEY] is not None}

    @property
    def existing(self) -> pa.Table:
        """salesforce_id, key, s.<field> of the records."""
        names = [named.salesforce(name) for net in self.nets for name in net.columns]
        rows = [{named.SALESFORCE_ID: one, **row} for one, row in self.rows.items()]
        return _texts(rows, [named.SALESFORCE_ID, named.KEY, *names])

    @property
    def children(self) -> dict[str, pa.Table]:
        """parent_id.<lookup>, s.<field> of the children that rules look at, by entity."""
        names: dict[str, list[str]] = {}
        for net in self.nets:
            for child in net.rule.children:
                own = [named.parent_id(child.lookup), *map(named.salesforce, net.child_columns)]
                names.setdefault(child.entity, []).extend(own)
        return {
            entity: _texts(list(self._below.get(entity, {}).values()), columns)
            for entity, columns in names.items()
        }


def _texts(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema(dict.fromkeys(columns, pa.string())))
