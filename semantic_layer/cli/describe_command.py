"""`describe`: what a metric is, in one sentence made from its parsed rule, and its entry in the dictionary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer
from rich.cells import cell_len

from semantic_layer.cli.outcome import told
from semantic_layer.cli.place import Definitions, Key, Registry, Url, place_of, send

DOCUMENT = """
query Describe($name: String!, $language: String) {
  metric(name: $name, language: $language) {
    name label rule meaning synonyms includes excludes howToRead limits unit format tags
    domain owner dataOwner tier kind direction purpose updated freshness warn
    parameters { name type default }
    version fingerprint
    versions { number revision recordedAt actor cause }
    deprecated { ends use reason }
    dimensions { name grains }
    usedBy
  }
}
"""
MOST_SHOWN = 12
NOT_PUBLISHED = "not published"  # the actor of definitions in files (app.draft)

Metric = Annotated[str, typer.Argument(metavar="METRIC", help="Its name.", show_default=False)]
Language = Annotated[str | None, typer.Option("--language", "-l", show_default=False, help="Of the words: en, zh …")]


def describe(
    metric: Metric,
    language: Language = None,
    url: Url = None,
    key: Key = None,
    registry: Registry = None,
    definitions: Definitions = None,
) -> None:
    """Says what a metric is: its rule in one sentence, then its entry in the dictionary.

    Without a place it looks into the registry of the settings, and if there is none, into the demo's definitions.

    [bold]Examples[/]

    semantic-layer describe sales

    semantic-layer describe repeat_purchase_rate --language zh --definitions schema/demo

    [bold]Exit codes[/]: 0 said, 1 no such metric, 2 the command itself cannot be read.
    """
    with told():
        place = replace(place_of(url, key, registry, definitions), or_demo=True)
        data = send(place, DOCUMENT, {"name": metric, "language": language})
        for line in lines_of(data["metric"], WORDS["zh" if (language or "").startswith("zh") else "en"]):
            print(line)


@dataclass(frozen=True, slots=True)
class Words:
    """The titles of an entry's lines."""

    titles: Mapping[str, str]
    version: str
    draft: str
    more: str
    separator: str


WORDS = {
    "en": Words(
        {
            "meaning": "Meaning", "includes": "Includes", "excludes": "Excludes", "howToRead": "How to read",
            "limits": "Limits", "synonyms": "Also called", "unit": "Unit", "domain": "Domain", "owner": "Owner",
            "dataOwner": "Data owner", "tier": "Tier", "kind": "Kind", "direction": "Direction",
            "purpose": "Purpose", "updated": "Updated", "freshness": "Freshness", "warn": "Warns when",
            "parameters": "Parameters", "tags": "Tags", "deprecated": "Deprecated", "version": "Version",
            "dimensions": "Cut by", "usedBy": "Used by",
        },
        "{number}, {fingerprint}, since revision {revision} ({recordedAt} UTC, {actor})",
        "{fingerprint}, not published", "and {count} more", ", ",
    ),
    "zh": Words(
        {
            "meaning": "含义", "includes": "包含", "excludes": "不含", "howToRead": "如何解读", "limits": "局限",
            "synonyms": "别名", "unit": "单位", "domain": "领域", "owner": "负责人", "dataOwner": "数据负责人",
            "tier": "级别", "kind": "类型", "direction": "方向", "purpose": "用途", "updated": "更新频率",
            "freshness": "新鲜度", "warn": "预警条件", "parameters": "参数", "tags": "标签", "deprecated": "停用",
            "version": "版本", "dimensions": "可分维度", "usedBy": "被引用",
        },
        "{number}，{fingerprint}，自第 {revision} 版目录起（{recordedAt} UTC，{actor}）",
        "{fingerprint}，尚未发布", "另有 {count} 个", "、",
    ),
}  # fmt: skip


def lines_of(entry: Mapping[str, Any], words: Words) -> Iterator[str]:
    """The sentence, then a line for everything that is said of the metric."""
    yield entry["rule"]
    yield ""
    label = entry["label"]
    yield entry["name"] if label == entry["name"] else f"{entry['name']}  {label}"
    width = max(cell_len(title) for title in words.titles.values())
    for key, title in words.titles.items():
        said = _said(entry, key, words)
        if said:
            yield f"  {title}{' ' * (width - cell_len(title))}  {said}"


def _said(entry: Mapping[str, Any], key: str, words: Words) -> str:
    value = entry.get(key)
    match key:
        case "version":
            newest = {**entry["versions"][-1], "fingerprint": entry["fingerprint"]}
            newest["recordedAt"] = newest["recordedAt"][:16].replace("T", " ")
            return (words.draft if newest["actor"] == NOT_PUBLISHED else words.version).format(**newest)
        case "dimensions":
            return _some([one["name"] for one in value or ()], words)
        case "parameters":
            return _some([f":{one['name']} {one['type']} = {one['default']}" for one in value or ()], words)
        case "deprecated" if value is not None:
            return "  ".join(str(part) for part in (value["ends"], *value["use"], value["reason"]) if part)
        case _ if isinstance(value, list):
            return _some([str(one) for one in value], words)
        case _:
            return "" if value is None else str(value)


def _some(names: list[str], words: Words) -> str:
    shown = names[:MOST_SHOWN]
    if len(names) > MOST_SHOWN:
        shown.append(words.more.format(count=len(names) - MOST_SHOWN))
    return words.separator.join(shown)
