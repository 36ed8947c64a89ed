"""The metrics of a question: name, version, parameters and shift looked up, the calculation resolved."""

from semantic_layer.definitions.model import MOST_YEARS, Catalog, Duration
from semantic_layer.definitions.units import unit_of
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Ask, AskMetric, AskShift, Path
from semantic_layer.query.bound import BoundColumn
from semantic_layer.query.grain_words import bind_grain
from semantic_layer.query.measure import Shifted
from semantic_layer.query.parameters import typed_parameters
from semantic_layer.query.problems import Problems, did_you_mean, listed, near_names
from semantic_layer.query.resolve_rule import measure_of, without_fill
from semantic_layer.query.world import World

MOST_PERIODS = 100_000


def bind_columns(ask: Ask, language: str, world: World, problems: Problems) -> tuple[BoundColumn, ...]:
    """The columns that could be bound; what could not is told in `problems`."""
    bound = (_column(asked, language, world, ("metrics", place), problems) for place, asked in enumerate(ask.metrics))
    return tuple(column for column in bound if column is not None)


def _column(asked: AskMetric, language: str, world: World, path: Path, problems: Problems) -> BoundColumn | None:
    metrics = world.current.catalog.metrics
    if asked.name not in metrics:
        near = near_names(asked.name, metrics)
        problems.add(ErrorCode.UNKNOWN_METRIC, f"no metric {asked.name}{did_you_mean(near)}", (*path, "name"), near)
        return None
    version = world.version(asked.name, asked.version)
    if version is None:
        numbers = [str(one.number) for one in world.current.versions[asked.name]]
        message = f"{asked.name} has no version {asked.version}; it has {listed(numbers)}"
        problems.add(ErrorCode.UNKNOWN_VERSION, message, (*path, "version"), numbers[-3:])
        return None
    published = world.current if asked.version is None else world.pinned[version.revision]
    metric = published.catalog.metrics[asked.name]
    values = typed_parameters(metric, asked.parameters, (*path, "parameters"), problems)
    length = _shift_length(asked.shift, published.catalog, (*path, "shift"), problems)
    if values is None or (asked.shift is not None and length is None):
        return None
    measure = measure_of(published.catalog, asked.name, values)
    return BoundColumn(
        name=asked.alias or asked.name,
        metric=asked.name,
        measure=measure if length is None else Shifted(without_fill(measure), length),
        published=published,
        version=version,
        label=metric.about.label.get(language) or metric.name,
        unit=unit_of(published.catalog, asked.name),
        parameters=tuple((name, str(value.value)) for name, value in values.items()),
    )


def _shift_length(shift: AskShift | None, catalog: Catalog, path: Path, problems: Problems) -> Duration | None:
    if shift is None:
        return None
    unit = bind_grain(shift.unit, catalog, (*path, "unit"), problems, "unit of time")
    if unit is None:
        return None
    if abs(shift.periods) > MOST_PERIODS:
        problems.add(ErrorCode.BAD_VALUE, f"a shift has at most {MOST_PERIODS} periods", (*path, "periods"))
        return None
    length = Duration(shift.periods, unit)
    if abs(length.years) > MOST_YEARS:
        problems.add(ErrorCode.BAD_VALUE, f"a shift reaches at most {MOST_YEARS} years", (*path, "periods"))
        return None
    return length
