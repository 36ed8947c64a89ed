"""First definitions of a source: what was found and guessed, as the text of files that validate."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Aggregate, Expr, Name
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.layout import commented_text
from semantic_layer.definitions.new_names import Names, name_like, singular
from semantic_layer.definitions.types import TEXT
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.survey.guess_columns import ColumnGuess, Use, finest_of, guess_column, is_personal, main_time
from semantic_layer.survey.guess_joins import JoinGuess
from semantic_layer.survey.guess_keys import KeyGuess
from semantic_layer.survey.profile import TableProfile

Owner = tuple[str, str]  # (dataset, column)
PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Found:
    """A table with all that was guessed of it."""

    table: TableProfile
    key: KeyGuess
    joins: Sequence[JoinGuess]

    @property
    def dataset(self) -> str:
        return self.table.dataset

    def guesses(self) -> list[ColumnGuess]:
        joined = {ours for join in self.joins for ours, _ in join.match}
        return [
            guess_column(self.table, one, is_key=one.name in self.key.columns, is_joined=one.name in joined)
            for one in self.table.columns
        ]


@dataclass(slots=True)
class _Draft:
    """One file while it is being written: its tree, and comments by the path of their key."""

    dataset: dict[str, Json] = field(default_factory=dict)
    metrics: dict[str, Json] = field(default_factory=dict)
    beside: dict[tuple[str, ...], str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def catalog_text(source: str, connection: str, left_out: Iterable[str]) -> str:
    """The file that all definitions of a folder share."""
    head = [
        f"First definitions of {connection}, written by `semantic-layer init`. Read them as a draft:",
        '- what stands beside "guess:" was guessed by names and by the first rows: confirm it, or change it;',
        "- money has no unit yet: with `unit: EUR`, adding it to anything else is refused;",
        "- `semantic-layer validate FOLDER --data` counts keys and joins in all rows.",
        *(f"Left out: {one}" for one in left_out),
    ]
    tree: dict[str, Json] = {
        "language": 1,
        "catalog": {"time_zone": "UTC", "week_start": "monday", "languages": ["en"], "sensitive": [PERSONAL]},
        "sources": {source: {"connection": connection}},
    }
    beside: dict[tuple[str, ...], str] = {
        ("catalog", "time_zone"): "where a day begins",
        ("catalog", "languages"): "every label and meaning has a text in each of them",
        ("catalog", "sensitive"): "what dimensions may say under `sensitive`, for access policies to bind to",
    }
    return commented_text(tree, head, {}, beside)


def dataset_texts(found: Sequence[Found], source: str) -> dict[str, str]:
    """The text of a file for each dataset."""
    return _Writer(found, source).texts()


class _Writer:
    def __init__(self, found: Sequence[Found], source: str) -> None:
        self._found = found
        self._source = source
        self._guesses = {one.dataset: one.guesses() for one in found}
        self._names = Names()
        for one in found:
            self._names.take([one.dataset], ("dataset", one.dataset))
        self._roots = self._conforming()
        self._shared = self._named_alike()

    def texts(self) -> dict[str, str]:
        drafts = {one.dataset: _Draft() for one in self._found}
        for one in self._found:  # joins and dimensions first: metrics take what names are left
            self._write_dataset(one, drafts[one.dataset])
        for one in self._found:
            self._write_metrics(one, drafts[one.dataset])
        return {one.dataset: self._text(one, drafts[one.dataset]) for one in self._found}

    # --- one thing in several tables -----------------------------------------------------------------------------

    def _conforming(self) -> dict[Owner, Owner]:
        """Columns that are named and joined like the key of another table: the same dimension as that key."""
        dimensions = {
            (dataset, guess.column.name)
            for dataset, guesses in self._guesses.items()
            for guess in guesses
            if guess.use is Use.DIMENSION
        }
        direct: dict[Owner, Owner] = {}
        for one in self._found:
            for join in one.joins:
                (ours, theirs), *more = join.match
                alike = name_like(ours, "column") == name_like(theirs, "column")
                if not more and alike and {(one.dataset, ours), (join.to, theirs)} <= dimensions:
                    direct.setdefault((one.dataset, ours), (join.to, theirs))
        return {owner: _root(owner, direct) for owner in direct}

    def _root(self, dataset: str, column: str) -> Owner:
        return self._roots.get((dataset, column), (dataset, column))

    def _named_alike(self) -> dict[str, set[Owner]]:
        """What is meant by each name of a column; more than one thing gets names that tell them apart."""
        found: defaultdict[str, set[Owner]] = defaultdict(set)
        for dataset, guesses in self._guesses.items():
            for guess in guesses:
                if guess.use is not Use.NOTHING:
                    found[name_like(guess.column.name, "column")].add(self._root(dataset, guess.column.name))
        return found

    def _candidates(self, owner: Owner) -> list[str]:
        dataset, column = owner
        base = name_like(column, "column")
        apart = [_joined(singular(dataset), base), _joined(dataset, base)]
        return apart if len(self._shared[base]) > 1 else [base, *apart]

    # --- datasets ------------------------------------------------------------------------------------------------

    def _write_dataset(self, one: Found, draft: _Draft) -> None:
        path = ("datasets", one.dataset)
        guesses = self._guesses[one.dataset]
        draft.dataset = {"source": self._source, "table": one.table.table.name, "key": _key(one.key)}
        draft.beside[(*path, "key")] = one.key.reason
        draft.dataset["columns"] = {guess.column.name: str(guess.declared) for guess in guesses}
        for guess in guesses:
            draft.beside[(*path, "columns", guess.column.name)] = guess.declared_reason
            if guess.use is Use.NOTHING:
                draft.left_out.append(f"{guess.column.name} ({guess.reason})")
        draft.left_out += [f"{name} ({why})" for name, why in one.table.left_out.items()]
        joins = self._joins(one, draft, path)
        dimensions = self._dimensions(one, draft, path)
        if dimensions:
            draft.dataset["dimensions"] = dimensions
        if joins:
            draft.dataset["joins"] = joins

    def _joins(self, one: Found, draft: _Draft, path: tuple[str, ...]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for join in one.joins:
            wanted = [join.hint, singular(join.to), join.to, _joined(one.dataset, join.hint)]
            free = [name for name in wanted if name not in found] or [_joined(one.dataset, join.hint)]
            owner: object = ("dataset", join.to)
            name = self._names.take(free, owner)
            if name in found:
                name = self._names.take([f"{name}_by_{name_like(join.match[0][0], 'column')}"], owner)
            fields: dict[str, Json] = {} if name == join.to else {"to": join.to}
            fields["kind"] = "one_to_one" if join.is_one_to_one else "many_to_one"
            fields["match"] = _match(join.match)
            found[name] = fields
            draft.beside[(*path, "joins", name)] = join.reason
        return found

    def _dimensions(self, one: Found, draft: _Draft, path: tuple[str, ...]) -> dict[str, Json]:
        guesses = [guess for guess in self._guesses[one.dataset] if guess.use in (Use.TIME, Use.DIMENSION)]
        times = [guess.column for guess in guesses if guess.use is Use.TIME]
        main = main_time(one.table, times)
        found: dict[str, Json] = {}
        for guess in guesses:
            column = guess.column
            root = self._root(one.dataset, column.name)
            is_time = guess.use is Use.TIME
            name = self._names.take(self._candidates(root), root, is_time=is_time)
            fields: dict[str, Json] = {}
            if name != column.name:
                fields["sql"] = formula_text(Name((column.name,)))
            reason = guess.reason
            if is_time:
                finest, reason = finest_of(column)
                fields |= {"type": "time", "finest": finest}
                if column is main:
                    draft.dataset["time"] = name
                    others = f", of {len(times)} times" if len(times) > 1 else ""
                    draft.beside[(*path, "time")] = f"guess: what dates a row{others}"
            elif guess.declared != TEXT:
                fields["type"] = str(guess.declared)
            if root != (one.dataset, column.name):
                fields["conforms"] = f"{root[0]}.{name}"
                reason = ""
            if is_personal(column):
                fields["sensitive"] = PERSONAL
                draft.beside[(*path, "dimensions", name, "sensitive")] = "guess: by its name"
            found[name] = fields
            draft.beside[(*path, "dimensions", name)] = reason
        return found

    # --- metrics -------------------------------------------------------------------------------------------------

    def _write_metrics(self, one: Found, draft: _Draft) -> None:
        for name, (value, unit, reason) in self._metrics(one):
            rule: dict[str, Json] = {"is": formula_text(value), "from": one.dataset}
            if unit is not None:
                rule["unit"] = unit
            draft.metrics[name] = rule
            draft.beside[("metrics", name)] = reason

    def _metrics(self, one: Found) -> Iterator[tuple[str, tuple[Expr, str | None, str]]]:
        def named(wanted: list[str], column: str) -> str:
            return self._names.take(wanted, ("metric", one.dataset, column))

        yield named([f"{one.dataset}_count"], ""), (Aggregate("count"), "count", "")
        for guess in self._guesses[one.dataset]:
            column = guess.column
            base, value = name_like(column.name, "column"), Name((column.name,))
            is_alone = len(self._shared[base]) == 1
            if guess.is_id and guess.use is Use.DIMENSION and one.key.columns != (column.name,):
                once = self._root(one.dataset, column.name) == (one.dataset, column.name) and is_alone
                plain = [f"distinct_{base}"] if once else []
                name = named([*plain, f"{one.dataset}_distinct_{base}"], column.name)
                yield name, (Aggregate("count_distinct", (value,)), "count", "guess: how many different ones")
            elif guess.use in (Use.SUM, Use.AVERAGE):
                word, function = ("total", "sum") if guess.use is Use.SUM else ("average", "avg")
                said = base if base.startswith((word, "sum_")) else f"{word}_{base}"
                plain = [said] if is_alone else []
                name = named([*plain, f"{one.dataset}_{said}"], column.name)
                yield name, (Aggregate(function, (value,)), None, guess.reason)

    # --- text ----------------------------------------------------------------------------------------------------

    def _text(self, one: Found, draft: _Draft) -> str:
        table = one.table
        rows = "rows that nobody could count" if table.rows is None else f"{table.rows:,} rows"
        looked = "" if table.is_whole else f", of which the first {table.sampled:,} were looked at"
        head = [f"{table.table.shown}: {rows}{looked}."]
        head += [f"Left out: {name}" for name in draft.left_out]
        tree: dict[str, Json] = {"datasets": {one.dataset: draft.dataset}, "metrics": draft.metrics}
        return commented_text(tree, head, {}, draft.beside)


def _root(owner: Owner, direct: Mapping[Owner, Owner]) -> Owner:
    seen = {owner}
    while owner in direct and direct[owner] not in seen:
        owner = direct[owner]
        seen.add(owner)
    return owner


def _joined(first: str, second: str) -> str:
    """`order_status`; a name that begins with the first word already keeps it once."""
    return second if second.startswith(f"{first}_") else f"{first}_{second}"


def _key(key: KeyGuess) -> Json:
    if not key.columns or key.columns == ("none",):  # a column of that name cannot be said alone
        return "none"
    return key.columns[0] if len(key.columns) == 1 else list(key.columns)


def _match(match: Sequence[tuple[str, str]]) -> Json:
    if all(ours == theirs for ours, theirs in match):
        return match[0][0] if len(match) == 1 else [ours for ours, _ in match]
    return dict(match)
