"""The question of questions.BY_MONTH in boring-semantic-layer; run by the interpreter of its own environment.

`python peer_program.py DATA ROUNDS SQL` prints the CPU seconds of each round as JSON. Nothing of the product is used.
"""

import json
import sys
import time

import duckdb
import ibis
from boring_semantic_layer import to_semantic_table


def main(data: str, rounds: int, sql: str) -> None:
    connection = ibis.duckdb.connect()
    lines = connection.read_parquet(f"{data}/transactions.parquet", table_name="transactions")
    model = (
        to_semantic_table(lines, name="transactions")
        .with_dimensions(month=lambda t: t.transaction_timestamp.truncate("M").date())
        .with_measures(
            sales=lambda t: t.sales_value.cast("decimal(12,2)").sum(), baskets=lambda t: t.basket_id.nunique()
        )
        .with_measures(average_basket_value=lambda t: t.sales.cast("float64") / t.baskets)
    )

    def asked(end: str):  # type: ignore[no-untyped-def]
        first = ibis.timestamp("2017-01-01")
        in_range = model.filter(
            lambda t: (t.transaction_timestamp >= first) & (t.transaction_timestamp < ibis.timestamp(end))
        )
        return in_range.group_by("month").aggregate("sales", "baskets", "average_basket_value")

    plain = duckdb.connect()
    plain.execute(f"create view transactions as select * from read_parquet('{data}/transactions.parquet')")
    taken: dict[str, list[float]] = {"by_hand": [], "statement": [], "answer": []}
    for place in range(-2, rounds):
        end = f"2017-12-31 00:00:{place + 2:02}"
        marks = [time.process_time()]
        plain.execute(sql, [end]).fetchall()
        marks.append(time.process_time())
        asked(end).sql()
        marks.append(time.process_time())
        asked(end).to_pyarrow()
        marks.append(time.process_time())
        if place >= 0:
            for name, began, ended in zip(taken, marks, marks[1:], strict=False):
                taken[name].append(ended - began)
    print(json.dumps(taken))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
