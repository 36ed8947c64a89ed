"""Imported definitions as files that a person would keep so: one for each dataset, with the metrics over its rows."""

from collections.abc import Iterator, Mapping, Sequence

from semantic_layer.definitions.layout import commented_text
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.imported import Imported, ImportIssue, Tree

SHARED = "catalog"
ACROSS = "metrics"
HEAD = "Imported from dbt's semantic manifest by `semantic-layer import dbt`."
_WIDTH = 110


def definition_files(imported: Imported) -> dict[str, str]:
    """File name -> text, in canonical layout; the same import always gives the same bytes.

    catalog.yaml has what all share, and as comments what could not be imported; metrics.yaml the metrics that are
    made of several datasets. A dataset of such a name gets a longer file name.
    """
    tree = imported.tree
    datasets, metrics, calendars = (_mapping(tree.get(key)) for key in ("datasets", "metrics", "calendars"))
    spines = _spines(calendars)
    homes = _homes(metrics)
    shared: Tree = {key: tree[key] for key in ("language", "catalog", "sources", "calendars") if key in tree}
    listed = {name: one for name, one in datasets.items() if name in spines}
    if listed:
        shared["datasets"] = listed
    files = {f"{SHARED}.yaml": _text(shared, [HEAD, *_left_out(imported.issues)])}
    for name, dataset in datasets.items():
        if name not in spines:
            own = {metric: one for metric, one in metrics.items() if homes[metric] == {name}}
            file = f"{name}_rows.yaml" if name in (SHARED, ACROSS) else f"{name}.yaml"
            files[file] = _text({"datasets": {name: dataset}, **({"metrics": own} if own else {})}, [HEAD])
    across = {metric: one for metric, one in metrics.items() if len(homes[metric]) != 1}
    if across:
        files[f"{ACROSS}.yaml"] = _text({"metrics": across}, [HEAD])
    return files


def _text(tree: Mapping[str, Json], head: Sequence[str]) -> str:
    return commented_text(tree, head, {}, {})


def _left_out(issues: Sequence[ImportIssue]) -> Iterator[str]:
    if not issues:
        return
    yield "What it says and these definitions do not:"
    for issue in issues:
        yield from _wrapped(f"- {issue}")


def _wrapped(text: str) -> Iterator[str]:
    """Lines of a list's item: the second and later ones are indented."""
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line


def _spines(calendars: Mapping[str, Json]) -> set[str]:
    """The datasets that list days and hours."""
    found: set[str] = set()
    for calendar in calendars.values():
        fields = _mapping(calendar)
        found.add(str(fields.get("from")))
        found |= {str(place).partition(".")[0] for place in _mapping(fields.get("finer")).values()}
    return found


def _homes(metrics: Mapping[str, Json]) -> dict[str, set[str]]:
    """The datasets of whose rows each metric is made, through the metrics and steps that it names."""
    found: dict[str, set[str]] = {}

    def homes(name: str, inside: frozenset[str]) -> set[str]:
        if name not in found:
            if name in inside:
                return set()
            found[name] = of_rule(_mapping(metrics[name]), inside | {name})
        return found[name]

    def of_rule(rule: Mapping[str, Json], inside: frozenset[str]) -> set[str]:
        if "from" in rule:
            return {str(rule["from"])}
        steps = _mapping(rule.get("with"))
        words = set(str(rule.get("is", "")).replace("(", " ").replace(")", " ").replace(",", " ").split())
        words.add(str(_mapping(rule.get("after")).get("event", "")))
        datasets: set[str] = set()
        for step in steps.values():
            datasets |= of_rule(_mapping(step), inside)
        for word in words & set(metrics):
            datasets |= homes(word, inside)
        return datasets

    for name in metrics:
        homes(name, frozenset())
    return found


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
