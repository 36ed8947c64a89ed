"""Traps of conversions: one follower counted after every event, credit given after filters, no end of time. Rule 18."""

from typing import Any

from tests.soundness.conftest import Trap

AFTER: dict[str, Any] = {"metrics": [{"name": "baskets_after_coupon"}]}
BASKETS = "b as (select household_id, basket_id, min(ts) as ts from lines group by 1, 2)"
BY_TYPE = {**AFTER, "where": {"dimension": "campaign.campaign_type", "op": "EQ", "values": ["Type A"]}}


def credited(events: str = "redeemed", within: str = "and b.ts < e.day + interval '14 days'") -> str:
    """Each basket with the coupon that it is credited to."""
    return f"""{BASKETS},
        pairs as (select e.*, b.basket_id, row_number() over (partition by b.household_id, b.basket_id
                         order by e.day desc, e.coupon_upc desc, e.campaign_id desc) as place
                  from b join {events} e on e.household_id = b.household_id and e.day <= b.ts {within}),
        c as (select p.*, d.campaign_type from pairs p
              left join campaign_descriptions d on d.campaign_id = p.campaign_id where p.place = 1)"""


async def test_a_basket_is_not_counted_after_every_coupon(kinds_trap: Trap) -> None:
    """Households redeem several coupons at once: every basket would count after each of them."""
    await kinds_trap(
        AFTER,
        right=f"with {credited()} select count(*) from c",
        naive=f"""
            with {BASKETS}
            select count(*) from b join redeemed e on e.household_id = b.household_id and e.day <= b.ts
                                                  and b.ts < e.day + interval '14 days'""",
    )


async def test_a_basket_is_counted_where_its_coupon_stands(kinds_trap: Trap) -> None:
    """By the month of the basket: those after a coupon of the end of a month would be in the next."""
    await kinds_trap(
        {**AFTER, "by": [{"dimension": "redemption_date", "grain": "MONTH"}]},
        right=f"""
            with {credited()},
                m as (select distinct date_trunc('month', day)::date as month from redeemed)
            select m.month, count(c.basket_id) from m left join c on date_trunc('month', c.day)::date = m.month
            group by 1""",
        naive=f"""
            with {credited()}
            select date_trunc('month', b.ts)::date, count(*)
            from c join b on b.basket_id = c.basket_id and b.household_id = c.household_id group by 1""",
    )


async def test_a_filter_gives_no_credit(kinds_trap: Trap) -> None:
    """Coupons of type A alone looked at: they get the baskets that followed a later coupon of another type."""
    only = """(select r.* from redeemed r join campaign_descriptions d on d.campaign_id = r.campaign_id
               where d.campaign_type = 'Type A')"""
    await kinds_trap(
        BY_TYPE,
        right=f"with {credited()} select count(*) from c where campaign_type = 'Type A'",
        naive=f"with {credited(only)} select count(*) from c",
    )


async def test_what_comes_too_late_is_no_conversion(kinds_trap: Trap) -> None:
    """Without an end, everything that a household ever bought after its last coupon."""
    await kinds_trap(
        AFTER,
        right=f"with {credited()} select count(*) from c",
        naive=f"with {credited(within='')} select count(*) from c",
    )
