"""Make the subset of the demo's data that tests ask: `python -m tests.golden.subset`.

Some seventy households with all their lines, chosen so that every trap of the whole data is alive in the small
one. The choice is by a hash of the ids with a fixed seed, so the same data gives the same files.
"""

import hashlib
from pathlib import Path

import duckdb

from tests.oracle.data import SUBSET, TABLES
from tests.oracle.load_retail import WHOLE_DATA, data_token
from tests.oracle.whole_data import fetch_if_needed

SEED = "golden-1"

# name of the group: (how many households, which ones qualify)
GROUPS: dict[str, tuple[int, str]] = {
    "bought in the four hours of 2018": (12, "bought_in_2018 and lines < 1200"),
    "spent more than 5,000 dollars": (7, "sales > 5000 and lines < 1500"),
    "redeemed coupons": (12, "redemptions >= 3 and lines < 1200"),
    "bought what is promoted twice": (10, "doubled > 5 and lines < 900"),
    "gave no demographics": (10, "no_demographics and lines < 500"),
    "bought lines without a product row": (6, "orphans >= 3 and lines < 800"),
    "bought fuel": (5, "fuel_lines >= 10 and lines < 600"),
    "came first after March": (6, "first_day >= date '2017-04-01' and lines < 700"),
    "bought a package size with an underscore": (1, "underscores > 0 and lines < 1500"),
    "came a few times only": (6, "baskets between 1 and 3"),
}

TRAITS = """
    create temp table traits as
    with doubled as (
        select product_id, store_id, week from promotions group by all having count(*) > 1
    )
    select t.household_id, count(*) as lines, sum(t.sales_value) as sales,
           count(distinct t.basket_id) as baskets,
           cast(min(t.transaction_timestamp) as date) as first_day,
           bool_or(t.transaction_timestamp >= timestamp '2018-01-01') as bought_in_2018,
           count(*) filter (where p.product_id is null) as orphans,
           count(*) filter (where p.department = 'FUEL') as fuel_lines,
           count(*) filter (where contains(p.package_size, '_')) as underscores,
           count(d.product_id) as doubled,
           bool_and(h.household_id is null) as no_demographics,
           (select count(*) from coupon_redemptions r where r.household_id = t.household_id) as redemptions
    from transactions t
    left join products p on p.product_id = t.product_id
    left join demographics h on h.household_id = t.household_id
    left join doubled d on d.product_id = t.product_id and d.store_id = t.store_id and d.week = t.week
    group by t.household_id
"""

# One statement per table: which rows stay. `chosen` are the households, `hash(id)` a number from 0 to 99.
ROWS: dict[str, str] = {
    "transactions": "select * from transactions where household_id in (from chosen)",
    "demographics": "select * from demographics where household_id in (from chosen) or {hash:household_id} < 3",
    "campaigns": "select * from campaigns where household_id in (from chosen)",
    "campaign_descriptions": "select * from campaign_descriptions",
    "coupon_redemptions": "select * from coupon_redemptions where household_id in (from chosen)",
    # Products that were sold, a few that were not, and a few of each department, so that some departments sell nothing.
    "products": """
        select * from products where product_id in (from sold) or {hash:product_id} < 1
        or product_id in (
            select unnest(min_by(product_id, {hash:product_id} * 1000000000 + product_id, 2))
            from products group by department)""",
    "coupons": """
        select * from coupons where product_id in (from sold)
        and ({hash:product_id} < 50 or campaign_id in (select campaign_id from coupon_redemptions
                                                        where household_id in (from chosen)))""",
    # Every promotion that some line meets, with its doubles, and one percent of the others of those products.
    "promotions": """
        select * from promotions p
        where exists (select 1 from transactions t where t.household_id in (from chosen)
                      and t.product_id = p.product_id and t.store_id = p.store_id and t.week = p.week)
        or (product_id in (from sold) and {hash:product_id} < 2 and {hash:store_id} < 10)""",
}


def make_subset(source: Path, target: Path) -> None:
    """Write the subset of the Parquet files in `source` into `target`."""
    connection = duckdb.connect(config={"threads": 1})
    for table in TABLES:
        connection.execute(f"create view {table} as select * from read_parquet('{source / table}.parquet')")
    connection.execute(TRAITS)
    connection.execute("create temp table chosen (household_id bigint)")
    for count, condition in GROUPS.values():
        connection.execute(
            f"insert into chosen select household_id from traits where ({condition}) "
            f"and household_id not in (from chosen) order by md5(household_id || '{SEED}'), household_id limit {count}"
        )
    connection.execute(
        "create temp table sold as select distinct product_id from transactions where household_id in (from chosen)"
    )
    target.mkdir(parents=True, exist_ok=True)
    for table, columns in TABLES.items():
        path = target / f"{table}.parquet"
        connection.execute(
            f"copy (select {', '.join(columns)} from ({_hashed(ROWS[table])}) order by all) "
            f"to '{path}' (format parquet, compression zstd, compression_level 19)"
        )
        rows = connection.execute(f"select count(*) from read_parquet('{path}')").fetchall()[0][0]
        print(f"{table:24}{rows:>8} rows{path.stat().st_size:>9} bytes")


def _hashed(sql: str) -> str:
    """`{hash:column}` as a number from 0 to 99 that depends on the column and the seed only."""
    for column in ("household_id", "product_id", "store_id"):
        digits = f"('0x' || substr(md5({column} || '{SEED}'), 1, 6))::bigint % 100"
        sql = sql.replace(f"{{hash:{column}}}", f"({digits})")
    return sql


def make_if_needed() -> None:
    """The subset of the whole data, made again when the data or this file has changed; fetches the data first."""
    mark = SUBSET / "made_from"
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    fetch_if_needed()
    made_from = f"{recipe} {data_token(WHOLE_DATA)}"
    if mark.exists() and mark.read_text("utf-8") == made_from:
        return
    make_subset(WHOLE_DATA, SUBSET)
    mark.write_text(made_from, "utf-8")


if __name__ == "__main__":
    make_if_needed()
