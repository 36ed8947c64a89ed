"""A question of the by-name door as a document of the typed door, written from docs/graphql.md without its code.

`typed_document(ask)` gives the document, its variables, and for each column of the answer its keys in the response.
"""

import re
from dataclasses import dataclass
from typing import Any

OPERATORS = {
    "EQ": "eq", "NE": "ne", "IN": "in", "NOT_IN": "notIn", "GT": "gt", "GTE": "gte", "LT": "lt", "LTE": "lte",
    "IS_DISTINCT_FROM": "isDistinctFrom", "CONTAINS": "contains", "STARTS_WITH": "startsWith", "ENDS_WITH": "endsWith",
}  # fmt: skip
ARGUMENTS = {
    "where": "Where", "having": "[Having!]", "orderBy": "[OrderBy!]", "limit": "Int", "offset": "Int",
    "includeEmpty": "Boolean", "fillTime": "Boolean", "timeZone": "String", "language": "String",
    "minRevision": "Int", "expect": "ExpectInput", "asOf": "AsOfInput", "strict": "Boolean", "partial": "Boolean",
}  # fmt: skip
META = """meta { revision semantics truncated limit { value setBy } warnings { code message }
  versions { column metric version fingerprint } dimensions { name fingerprint } freshness { dataset asOf changeToken }
  resolved { column from to } parameters { metric name value } partialPeriods columns { name label type unit } }"""

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypedDocument:
    """`keys` lead from a row to the value of each column; `sets` to each of the totals: its key and its columns."""

    text: str
    variables: dict[str, Any]
    keys: tuple[Keys, ...]
    sets: tuple[tuple[str, tuple[Keys, ...]], ...]


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), name)


def typed_document(ask: dict[str, Any]) -> TypedDocument:
    fields = [_dimension(one, place) for place, one in enumerate(ask.get("by", ()))]
    fields += [_metric(one) for one in ask.get("metrics", ())]
    named = {_by_name(one): keys for one, (_, keys) in zip(_columns(ask), fields, strict=True)}
    metrics = fields[len(ask.get("by", ())) :]
    selections, sets = [_selection("rows", fields)], []
    for place, kept in enumerate(ask.get("totals", ())):
        of_set = [field for one, field in zip(ask["by"], fields, strict=False) if _by_name(one) in kept] + metrics
        key = "totals" if not kept else f"by{place}"
        if key == "totals" and any(key == other for other, _ in sets):
            key = f"again{place}"
        selections.append(_selection(f"{key}: {'subtotals' if kept else 'totals'}", of_set))
        sets.append((key, tuple(keys for _, keys in of_set)))
    variables = _variables(ask, named)
    declared = ", ".join(f"${name}: {ARGUMENTS[name]}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    head, arguments = (f"query ({declared})", f"({passed})") if variables else ("query", "")
    text = f"{head} {{ metrics{arguments} {{ {' '.join(selections)} {META} }} }}"
    return TypedDocument(text, variables, tuple(keys for _, keys in fields), tuple(sets))


def _columns(ask: dict[str, Any]) -> list[dict[str, Any]]:
    return [*ask.get("by", ()), *ask.get("metrics", ())]


def _by_name(column: dict[str, Any]) -> str:
    return str(column.get("alias") or column.get("dimension") or column["name"])


def _selection(field: str, fields: list[tuple[str, Keys]]) -> str:
    return f"{field} {{ {' '.join(text for text, _ in fields)} }}"


def _dimension(asked: dict[str, Any], place: int) -> tuple[str, Keys]:
    """Each joined one below an alias of its own: GraphQL would put those of one join together, in another order."""
    *path, last = [camel(word) for word in asked["dimension"].split(".")]
    arguments = ""
    if "part" in asked:
        last, arguments = last + "Part", f"(part: {asked['part']})"
    elif "grain" in asked:
        arguments = f"(grain: {asked['grain']})"
    alias = asked.get("alias")
    text, keys = (f"{alias}: {last}{arguments}", [alias]) if alias else (f"{last}{arguments}", [last])
    for depth, join in enumerate(reversed(path)):
        key = f"{join}{place}" if depth == len(path) - 1 and place else join
        text, keys = f"{key}: {join} {{ {text} }}", [key, *keys]
    return text, tuple(keys)


def _metric(asked: dict[str, Any]) -> tuple[str, Keys]:
    arguments = [f"{camel(name)}: {_literal(value)}" for name, value in asked.get("parameters", {}).items()]
    if "shift" in asked:
        arguments.append(f"shift: {{periods: {asked['shift']['periods']}, unit: {asked['shift']['unit']}}}")
    if "version" in asked:
        arguments.append(f"version: {asked['version']}")
    name = camel(asked["name"])
    key = asked.get("alias", name)
    return f"{key}: {name}" + (f"({', '.join(arguments)})" if arguments else ""), (key,)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _variables(ask: dict[str, Any], named: dict[str, Keys]) -> dict[str, Any]:
    found = {name: ask[name] for name in ARGUMENTS if name in ask}
    if "where" in found:
        found["where"] = _where(found["where"])
    if "having" in found:
        found["having"] = [_having(found["having"], named)]
    if "orderBy" in found:
        found["orderBy"] = [
            {"key": ".".join(named[one["key"]]), "direction": "DESC" if one.get("descending") else "ASC"}
            for one in found["orderBy"]
        ]
    return found


def _where(node: dict[str, Any]) -> dict[str, Any]:
    if "and" in node or "or" in node:
        (word,) = node
        return {word: [_where(one) for one in node[word]]}
    if "not" in node:
        return {"not": _where(node["not"])}
    if "segment" in node:
        return {"segments": [node["segment"].upper()]}
    if "metric" in node:
        per = ".".join(camel(word) for word in node["per"].split("."))
        return {"metric": {camel(node["metric"]): {"per": per, "over": node["over"], **_comparison(node)}}}
    inner = {"last": node["last"]} if "last" in node else _comparison(node)
    if "part" in node:
        inner = {camel(node["part"].lower()): inner}
    if "grain" in node:
        inner = {camel(node["grain"].lower()): inner}
    for word in reversed(node["dimension"].split(".")):
        inner = {camel(word): inner}
    return inner


def _having(node: dict[str, Any], named: dict[str, Keys]) -> dict[str, Any]:
    if "and" in node or "or" in node:
        (word,) = node
        return {word: [_having(one, named) for one in node[word]]}
    if "not" in node:
        return {"not": _having(node["not"], named)}
    return {"key": ".".join(named[node["key"]]), **_comparison(node)}


def _comparison(node: dict[str, Any]) -> dict[str, Any]:
    op, values = node["op"], node.get("values", [])
    match op:
        case "IS_NULL" | "IS_NOT_NULL":
            return {"isNull": op == "IS_NULL"}
        case "IN" | "NOT_IN":
            return {OPERATORS[op]: values}
        case "IN_RANGE":
            return {"inRange": {"from": values[0], "to": values[1]}}
        case _:
            return {OPERATORS[op]: values[0]}
