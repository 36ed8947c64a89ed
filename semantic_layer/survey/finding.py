"""What was found in the data, how bad it is, and where the definition stands that says otherwise."""

from dataclasses import dataclass
from enum import StrEnum

from semantic_layer.definitions.problem import Place


class Level(StrEnum):
    """An error makes numbers wrong or questions fail; a warning is to be known; a note is how it was meant."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FindingCode(StrEnum):
    """Codes of what only data shows; docs/cli.md explains each. Codes of a source's failure stand beside them."""

    KEY_NOT_UNIQUE = "KEY_NOT_UNIQUE"
    KEY_MISSING = "KEY_MISSING"
    JOIN_NOT_UNIQUE = "JOIN_NOT_UNIQUE"
    JOIN_TYPES = "JOIN_TYPES"
    ORPHANS = "ORPHANS"
    SEVERAL_PARTNERS = "SEVERAL_PARTNERS"
    DOES_NOT_FIT = "DOES_NOT_FIT"
    ROUNDED = "ROUNDED"
    IMPOSSIBLE_VALUES = "IMPOSSIBLE_VALUES"
    NOT_IN_LIST = "NOT_IN_LIST"
    PERIOD_COMES_BACK = "PERIOD_COMES_BACK"
    PERIOD_NOT_WITHIN = "PERIOD_NOT_WITHIN"
    STEP_NOT_WHOLE = "STEP_NOT_WHOLE"


@dataclass(frozen=True, slots=True)
class Example:
    """Values of the columns in question, and the number of rows that have them."""

    values: tuple[str, ...]
    rows: int

    def __str__(self) -> str:
        return f"{', '.join(self.values)} ({rows_said(self.rows)})"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is a FindingCode, a ProblemCode or an ErrorCode; `subject` names the dataset or `dataset.join`."""

    level: Level
    code: str
    subject: str
    place: Place
    message: str
    examples: tuple[Example, ...] = ()

    @property
    def said(self) -> str:
        """The message with its examples."""
        shown = "; ".join(str(one) for one in self.examples)
        return f"{self.message}: {shown}" if shown else self.message


@dataclass(frozen=True, slots=True)
class KeyReport:
    """The key of a dataset. `enforced`: the source itself keeps it unique and complete, so nothing was counted."""

    dataset: str
    columns: tuple[str, ...]
    enforced: bool = False
    values: int = 0
    repeated: int = 0
    repeated_rows: int = 0
    rows_without: int = 0


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """`rows` None: they could not be read, and a finding says why. `key` None: there is none, or it was not counted."""

    dataset: str
    source: str
    rows: int | None = None
    key: KeyReport | None = None
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class JoinReport:
    """Rows of `dataset` and their partners. `extra_rows` is what a plain join would add to them."""

    dataset: str
    join: str
    to: str
    kind: str
    columns: tuple[tuple[str, str], ...]
    rows: int | None = None
    rows_without: int = 0
    orphans: int = 0
    orphan_rows: int = 0
    partners: int = 0
    repeated: int = 0
    repeated_rows: int = 0
    extra_rows: int = 0

    @property
    def name(self) -> str:
        return f"{self.dataset}.{self.join}"


@dataclass(frozen=True, slots=True)
class DataReport:
    """Everything that one look at the data gave; findings by level, then in the order of the definitions."""

    datasets: tuple[DatasetReport, ...]
    joins: tuple[JoinReport, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        return sum(1 for one in self.findings if one.level is Level.ERROR)

    @property
    def warnings(self) -> int:
        return sum(1 for one in self.findings if one.level is Level.WARNING)


def rows_said(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def values_said(count: int) -> str:
    return f"{count:,} value stands" if count == 1 else f"{count:,} values stand"


def share_said(part: int, whole: int) -> str:
    """`0.33 %`; what is there at all is never told as 0."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.2f} %" if share >= 0.01 or part == 0 else "less than 0.01 %"
