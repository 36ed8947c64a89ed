"""Which data the tests ask: the small subset, or another folder of Parquet files named by GOLDEN_DATA."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUBSET = ROOT / ".demo" / "subset"

# The tables of the demo, with the columns and types its Parquet files have: money is a binary float there.
TABLES: dict[str, dict[str, str]] = {
    "transactions": {
        "household_id": "bigint",
        "store_id": "bigint",
        "basket_id": "bigint",
        "product_id": "bigint",
        "quantity": "bigint",
        "sales_value": "double precision",
        "retail_disc": "double precision",
        "coupon_disc": "double precision",
        "coupon_match_disc": "double precision",
        "week": "bigint",
        "transaction_timestamp": "timestamp",
    },
    "products": {
        "product_id": "bigint",
        "manufacturer_id": "bigint",
        "department": "text",
        "brand": "text",
        "product_category": "text",
        "product_type": "text",
        "package_size": "text",
    },
    "demographics": {
        "household_id": "bigint",
        "age": "text",
        "income": "text",
        "home_ownership": "text",
        "marital_status": "text",
        "household_size": "text",
        "household_comp": "text",
        "kids_count": "text",
    },
    "campaigns": {"campaign_id": "bigint", "household_id": "bigint"},
    "campaign_descriptions": {
        "campaign_id": "bigint",
        "campaign_type": "text",
        "start_date": "timestamp",
        "end_date": "timestamp",
    },
    "coupons": {"coupon_upc": "bigint", "product_id": "bigint", "campaign_id": "bigint"},
    "coupon_redemptions": {
        "household_id": "bigint",
        "coupon_upc": "bigint",
        "campaign_id": "bigint",
        "redemption_date": "timestamp",
    },
    "promotions": {
        "product_id": "bigint",
        "store_id": "bigint",
        "display_location": "text",
        "mailer_location": "text",
        "week": "bigint",
    },
}

# The names that all hand-written SQL shares. They only cast and rename: no rule hides in them.
VIEWS: dict[str, str] = {
    # Money as the demo declares it, decimal(12,2); `day` is the calendar day of the till receipt.
    "lines": """
        select household_id, store_id, basket_id, product_id, quantity, week,
               cast(sales_value as decimal(12,2)) as sales_value,
               cast(retail_disc as decimal(12,2)) as retail_disc,
               cast(coupon_disc as decimal(12,2)) as coupon_disc,
               cast(coupon_match_disc as decimal(12,2)) as coupon_match_disc,
               transaction_timestamp as ts,
               cast(transaction_timestamp as date) as day
        from transactions""",
    # A line with what the many-to-one joins say of it; a line without a match keeps null there.
    "cut": """
        select l.*, p.department, p.brand, p.product_category, p.product_type, p.package_size,
               p.manufacturer_id, d.income, d.age, d.household_size, d.kids_count, d.household_comp,
               d.home_ownership, d.marital_status
        from lines l
        left join products p on p.product_id = l.product_id
        left join demographics d on d.household_id = l.household_id""",
    # Redeemed coupons, by day.
    "redeemed": """
        select household_id, coupon_upc, campaign_id, cast(redemption_date as date) as day
        from coupon_redemptions""",
    # Each product with the campaign types whose coupons cover it, and each household with the types it was
    # targeted by: once per type, however many coupons or campaigns say so.
    "product_types": """
        select distinct c.product_id, d.campaign_type
        from coupons c join campaign_descriptions d on d.campaign_id = c.campaign_id""",
    "household_types": """
        select distinct c.household_id, d.campaign_type
        from campaigns c join campaign_descriptions d on d.campaign_id = c.campaign_id""",
    # Every day around the data's year, from a generator and not from the data (which has no 25 December).
    "calendar": """
        select cast(g.d as date) as day
        from generate_series(timestamp '2016-01-01', timestamp '2019-12-31', interval '1 day') as g(d)""",
}


def data_folder() -> Path:
    """The folder of Parquet files that tests ask: GOLDEN_DATA (relative to the project) or the subset."""
    return ROOT / os.environ.get("GOLDEN_DATA", str(SUBSET.relative_to(ROOT)))


def is_whole(folder: Path) -> bool:
    """Whether the folder holds the whole demo data; the subset's transactions are under 2 MB."""
    return (folder / "transactions.parquet").stat().st_size > 5_000_000
