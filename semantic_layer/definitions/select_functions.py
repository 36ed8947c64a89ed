"""The functions that a dataset's SELECT may call: they compute from their arguments alone, the same each time.

What waits, writes, reads settings or files, or tells the time is none of them (a result is kept while its data is
unchanged). A source's own functions are behind a view of the source.
"""

from collections.abc import Iterable, Iterator

from sqlglot import exp

# As sqlglot calls them, whatever the dialect writes: `substr` is SUBSTRING, `date_trunc` may be TIMESTAMP_TRUNC.
_OPERATORS = "and or xor case if cast try_cast exists collate array struct row"
_TEXTS = """
    lower upper trim length strlen substring left right replace concat concat_ws split_part str_position strpos
    starts_with ends_with contains pad repeat reverse regexp_like regexp_replace regexp_extract translate ascii chr
    initcap md5 to_char format
"""
_NUMBERS = """
    abs round floor ceil trunc sign mod power sqrt cbrt exp ln log greatest least nullif coalesce iff isfinite is_nan
    is_inf degrees radians sin cos tan asin acos atan atan2
"""
_TIMES = """
    date_trunc timestamp_trunc date_part extract date_add date_sub datediff datesub date_from_parts
    timestamp_from_parts unix_to_time time_to_unix time_to_str str_to_time to_date year month day hour minute second
    quarter week week_of_year day_of_week dayofweek_iso day_of_year day_of_month last_day monthname dayname
"""
_DOCUMENTS = "json_extract json_extract_scalar json_array_length array_size array_contains struct_extract explode"
_AGGREGATES = """
    count sum avg min max median mode stddev stddev_samp stddev_pop variance variance_pop any_value arg_max arg_min
    first last group_concat array_agg logical_and logical_or count_if percentile_cont percentile_disc
    approx_distinct approx_quantile corr covar_pop covar_samp
"""
_WINDOWS = """
    row_number rank dense_rank percent_rank cume_dist lag lead first_value last_value nth_value ntile
"""
SELECT_FUNCTIONS = frozenset(
    " ".join((_OPERATORS, _TEXTS, _NUMBERS, _TIMES, _DOCUMENTS, _AGGREGATES, _WINDOWS)).split()
)


def functions_in(nodes: Iterable[exp.Expr]) -> Iterator[str]:
    """The name of every function among the nodes of a tree."""
    for node in nodes:
        if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            yield node.name.lower()
        elif isinstance(node, exp.Func):
            yield node.sql_names()[0].lower()
