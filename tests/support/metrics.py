"""What /metrics says, as Prometheus reads it."""

from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every number, by its name and labels; each stands there once."""
    read: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in read
            read[key] = sample.value
    return read


def total(read: Samples, name: str, **labels: str) -> float:
    """The sum of what has this name and at least these labels."""
    return sum(
        value
        for (named, has), value in read.items()
        if named == name and labels.items() <= set(has)
    )


def values(read: Samples, label: str, names: Iterable[str]) -> set[str]:
    """All that this label is, in what has one of these names."""
    return {dict(has)[label] for (named, has) in read if named in names and label in dict(has)}
