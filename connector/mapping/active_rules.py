"""The matching rules that an instance uses: all of the registry's but those that it switches off."""

from collections.abc import Collection, Sequence

from connector.errors import SettingsInvalid
from connector.mapping.matching import MatchingRule, Support
from connector.mapping.vocabulary import EntitySpec


class ActiveRules:
    """The rules of each entity. Raises SettingsInvalid where `off` names one that doesn't exist."""

    def __init__(self, entities: Sequence[EntitySpec], off: Collection[str]) -> None:
        known = {f"{spec.name}.{rule.name}" for spec in entities for rule in spec.matching}
        known |= {f"{spec.name}.{spec.support.name}" for spec in entities if spec.support}
        unknown = sorted(set(off) - known)
        if unknown:
            raise SettingsInvalid(
                f"matching.off names what is no rule: {', '.join(unknown)}.",
                todo=f"The rules are: {', '.join(sorted(known))}.",
            )
        self._rules = {
            spec.name: tuple(rule for rule in spec.matching if f"{spec.name}.{rule.name}" not in off)
            for spec in entities
        }
        self._supports = {
            spec.name: spec.support
            for spec in entities
            if spec.support and self._rules[spec.name] and f"{spec.name}.{spec.support.name}" not in off
        }

    def support_of(self, spec: EntitySpec) -> Support | None:
        """What lets a weak candidate of an entity link."""
        return self._supports.get(spec.name)

    def of(self, spec: EntitySpec) -> tuple[MatchingRule, ...]:
        """The rules by which an entity's records are found."""
        return self._rules.get(spec.name, ())

    def read_unlinked(self, spec: EntitySpec) -> bool:
        """Whether records without an external id are needed: to be matched, or found by linked parents."""
        named_by_rules = {
            child.entity for rules in self._rules.values() for r in rules for child in r.children
        }
        named_by_rules |= {support.entity for support in self._supports.values()}
        by_parents = spec.found_by_parents and any(self._rules.get(p.entity) for p in spec.parents)
        return bool(self.of(spec)) or spec.name in named_by_rules or by_parents
