"""Which indicators say something about each other's counts: derived from their definitions, so that none can be forgotten. Pure.

Two indicators are linked when an answer that makes one a yes decides the other: smoking daily is smoking, a pupil who was never
drunk was not drunk last month, "smokes cigarettes or e-cigarettes" is a union. Whoever knows both numbers can subtract. So
disclosure control (`disclosure_series.py`) needs every such link:

- `Nested(inner, outer)`: yes to `inner` implies yes to `outer` (no to it, with `outer_is_no`);
- `Cover(whole, parts)`: yes to `whole` is yes to at least one of `parts`; the parts' counts less the whole's count the overlaps;
- `Base(indicator, base)`: who is in the denominator of `indicator` is decided by the answer to `base`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from assets.catalogue.indicator_models import AtLeast, Indicator, PompIndex, Rule
from assets.catalogue.models import Survey

Wanted = tuple[int, ...] | AtLeast


@dataclass(frozen=True)
class Nested:
    """A yes to `inner` is a yes to `outer`, or a no: always, or (not `certain`) as a rule, when the catalogue says so."""

    inner: str
    outer: str
    outer_is_no: bool = False
    certain: bool = True


@dataclass(frozen=True)
class Cover:
    """Yes to `whole` is yes to one or more of `parts`. `extra`: (indicator, times), whose yes is at least `times` + 1 parts."""

    whole: str
    parts: tuple[str, ...]
    extra: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Base:
    """The denominator of `indicator` is the pupils with one answer to `base`."""

    indicator: str
    base: str


@dataclass(frozen=True)
class Links:
    """All links of a set of indicators. `families`: groups of indicators that share a question or are linked."""

    nested: tuple[Nested, ...]
    covers: tuple[Cover, ...]
    bases: tuple[Base, ...]
    families: tuple[tuple[str, ...], ...]

    def of_pair(self, first: str, second: str) -> bool:
        """Whether a link names both."""
        pairs = [(x.inner, x.outer) for x in self.nested] + [(x.indicator, x.base) for x in self.bases]
        return any({first, second} == set(pair) for pair in pairs)


def links(indicators: Sequence[Indicator], survey: Survey) -> Links:
    """All links between the indicators."""
    nested, bases = [], []
    for inner in indicators:
        for outer in indicators:
            if inner.id == outer.id:
                continue
            for is_no, certain, declared in (
                (False, _implies_yes(inner, outer, survey), inner.nested_in),
                (True, _implies_no(inner, outer, survey), inner.excludes),
            ):
                if certain or outer.id in declared:
                    nested.append(Nested(inner.id, outer.id, is_no, certain))
            if inner.base and _decides(outer, inner.base):
                bases.append(Base(inner.id, outer.id))
    covers = tuple(cover for whole in indicators for cover in _covers(whole, indicators))
    pairs = [(link.inner, link.outer) for link in nested]
    return Links(tuple(nested), covers, tuple(bases), families(indicators, pairs))


def families(series: Sequence[Indicator | PompIndex], pairs: Sequence[tuple[str, str]] = ()) -> tuple[tuple[str, ...], ...]:
    """Ids of series that are connected by common questions or by `pairs`, in the order given; one alone is its own family."""
    groups: list[tuple[set[str], list[str]]] = []
    for one in series:
        questions = set(one.items) if isinstance(one, Indicator) else {part.item for part in one.items}
        questions |= {f"{first} {second}" for first, second in pairs if one.id in (first, second)}
        names = [one.id]
        for group in [g for g in groups if g[0] & questions]:
            questions |= group[0]
            names = group[1] + names
            groups.remove(group)
        groups.append((questions, names))
    order = [one.id for one in series]
    return tuple(sorted((tuple(sorted(names, key=order.index)) for _, names in groups), key=lambda g: order.index(g[0])))


def _within(narrow: Wanted, wide: Wanted) -> bool:
    """Whether every answer of `narrow` is one of `wide`."""
    if isinstance(narrow, AtLeast) or isinstance(wide, AtLeast):
        return isinstance(narrow, AtLeast) and isinstance(wide, AtLeast) and narrow.minimum >= wide.minimum
    return set(narrow) <= set(wide)


def _apart(first: Wanted, second: Wanted) -> bool:
    """Whether no answer is one of both."""
    return isinstance(first, tuple) and isinstance(second, tuple) and not set(first) & set(second)


def _makes_true(item: str, wanted: Wanted, rule: Rule, survey: Survey) -> bool:
    """Whether that answer alone makes a part of `rule` true, directly or because the question was asked."""
    if item in rule.conditions and _within(wanted, rule.conditions[item]):
        return True
    routing = survey.by_key[item].routed_by
    return (
        bool(routing) and routing.item in rule.conditions and _within(tuple(routing.answered_when), rule.conditions[routing.item])
    )


def _makes_false(item: str, wanted: Wanted, part: str, codes: Wanted, survey: Survey) -> bool:
    """Whether that answer makes `codes` of the question `part` impossible, directly or because of the routing of either."""
    if item == part:
        return _apart(wanted, codes)
    own, other = survey.by_key[item].routed_by, survey.by_key[part].routed_by
    if own and own.item == part and _apart(tuple(own.answered_when), codes):
        return True
    return bool(other) and other.item == item and _apart(wanted, tuple(other.answered_when))


def _rules(indicator: Indicator) -> list[Rule]:
    """What holds for a pupil who is a yes."""
    return [indicator.numerator, *([indicator.base] if indicator.base else [])]


def _implied(indicator: Indicator, rule: Rule, survey: Survey) -> bool:
    """Whether a yes to `indicator` makes the one-part-is-enough `rule` true: too few of its parts leave it open."""
    if rule.needed != 1:
        return False
    return any(
        sum(not _makes_true(item, wanted, rule, survey) for item, wanted in known.conditions.items()) < known.needed
        for known in _rules(indicator)
    )


def _implies_yes(inner: Indicator, outer: Indicator, survey: Survey) -> bool:
    return all(_implied(inner, rule, survey) for rule in _rules(outer))


def _implies_no(inner: Indicator, outer: Indicator, survey: Survey) -> bool:
    certain = {i: w for rule in _rules(inner) if rule.needed == len(rule.conditions) for i, w in rule.conditions.items()}
    parts = outer.numerator.conditions
    false = sum(any(_makes_false(i, w, part, codes, survey) for i, w in certain.items()) for part, codes in parts.items())
    inside = outer.base is None or _implied(inner, outer.base, survey)
    return inside and false > len(parts) - outer.numerator.needed


def _decides(outer: Indicator, base: Rule) -> bool:
    """Whether being in `base` is being a yes, or a no, to `outer` (one of its questions answered in a certain way)."""
    return bool(set(outer.numerator.conditions) & set(base.conditions))


def _covers(whole: Indicator, indicators: Sequence[Indicator]) -> Iterator[Cover]:
    """Every way to put `whole` together from the others: single questions, with or without composites instead of theirs."""
    rule = whole.numerator
    if rule.needed != 1 or whole.base or len(rule.conditions) < 2:
        return
    parts = [i for i in indicators if i.id != whole.id and not i.base and i.numerator.needed == 1 and _same_codes(i, rule)]
    single = {next(iter(i.numerator.conditions)): i.id for i in parts if len(i.numerator.conditions) == 1}
    composite = [i for i in parts if 1 < len(i.numerator.conditions) < len(rule.conditions)]
    for chosen in chain.from_iterable(combinations(composite, size) for size in range(len(composite) + 1)):
        covered = [item for i in chosen for item in i.numerator.conditions]
        rest = [item for item in rule.conditions if item not in covered]
        if len(set(covered)) == len(covered) and all(item in single for item in rest):
            extra = () if chosen else tuple(_counted(rule, indicators))
            yield Cover(whole.id, (*(i.id for i in chosen), *(single[item] for item in rest)), extra)


def _same_codes(indicator: Indicator, rule: Rule) -> bool:
    return all(
        item in rule.conditions and rule.conditions[item] == codes for item, codes in indicator.numerator.conditions.items()
    )


def _counted(rule: Rule, indicators: Sequence[Indicator]) -> Iterator[tuple[str, int]]:
    """Indicators that ask for several of the same parts: their pupils stand in at least that many of them."""
    for other in indicators:
        if other.numerator.needed > 1 and not other.base and other.numerator.conditions == rule.conditions:
            yield other.id, other.numerator.needed - 1
