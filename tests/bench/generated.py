"""Definitions of any number of metrics, as files hold them: sums, filtered sums, ratios, shifts, over many tables."""

from textwrap import indent

PER_DATASET = 100
DIMENSIONS = 12
HEAD = """\
catalog: {time_zone: UTC, week_start: monday, languages: [en]}
domains:
  everything: {label: {en: Everything}, owner: somebody, data_owner: somebody_else, tier: 2, updated: daily}
sources:
  lake: {connection: RETAIL}
"""
GOVERNANCE = "{domain: everything, tier: 2, kind: result, direction: up_is_good, purpose: steer, updated: daily}"


def texts(metrics: int) -> dict[str, str]:
    """File name -> YAML text; a dataset and its metrics in each file."""
    files = {"catalog.yaml": HEAD}
    for number in range((metrics + PER_DATASET - 1) // PER_DATASET):
        wanted = min(PER_DATASET, metrics - number * PER_DATASET)
        files[f"facts_{number}.yaml"] = "\n".join(
            [_dataset(number), "metrics:", *(_metric(number, n) for n in range(wanted))]
        )
    return files


def _dataset(number: int) -> str:
    columns = "\n".join(f"      c{n}: text" for n in range(DIMENSIONS))
    dimensions = "\n".join(
        f"      d{number}x{n}: {{sql: c{n}, type: text, label: {{en: Column {number} {n}}}}}" for n in range(DIMENSIONS)
    )
    return f"""\
datasets:
  facts_{number}:
    source: lake
    table: facts_{number}
    label: {{en: Facts {number}}}
    rows: {{en: one fact}}
    key: id
    time: day_{number}
    columns:
      id: bigint
      happened: timestamp
      amount: decimal(12,2)
      pieces: integer
{columns}
    dimensions:
      day_{number}: {{sql: happened, type: time, label: {{en: Day {number}}}}}
{dimensions}"""


def _metric(number: int, place: int) -> str:
    name = f"m{number}x{place}"
    about = f"{{label: {{en: Metric {number} {place}}}, meaning: {{en: What fact {number} says about matter {place}}}}}"
    return f"  {name}:\n{_rule(number, place)}\n    about: {about}\n    governance: {GOVERNANCE}"


def _rule(number: int, place: int) -> str:
    """Of each four one that stands by itself, and three that use it."""
    own = f"is: sum(amount * {place + 1})\nfrom: facts_{number}"
    used = f"m{number}x{place - place % 4}"
    rules = (
        f"{own}\nunit: USD",
        f"is: {used}\nwhere: d{number}x{place % DIMENSIONS} = 'v{place}'\nunit: USD",
        f"is: {used} / pieces\nwith:\n  pieces:\n    is: sum(pieces)\n    from: facts_{number}\nunit: USD",
        f"is: {used} / before - 1\nwith:\n  before:\n    is: {used}\n    ago: 1 month\nunit: percent",
    )
    return indent(rules[place % 4], "    ")
