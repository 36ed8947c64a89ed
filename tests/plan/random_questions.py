"""Questions of every shape over the demo's words, for properties that must hold whatever is asked."""

from typing import Any

from hypothesis import strategies as st

from tests.plan.demo import Question

OF_LINES = (
    "sales", "units", "baskets", "active_households", "average_basket_value", "units_per_basket", "discount_rate",
    "private_label_share", "repeat_purchase_rate", "new_households", "sales_ytd", "sales_mom_growth",
    "active_households_28d", "sales_share", "median_basket_value", "p90_basket_value", "promoted_sales_share",
)  # fmt: skip
OF_REDEMPTIONS = ("coupon_redemptions", "redeeming_households", "redemptions_per_1000_baskets")
OF_LINES_ALONE: list[Question] = [
    {"dimension": "store_id"},
    {"dimension": "product.department"},
    {"dimension": "product.manufacturer_id"},
    {"dimension": "product.leading_department"},
    {"dimension": "product_campaign.campaign_type"},
    {"dimension": "household_campaign.campaign_id"},
]
OF_ALL: list[Question] = [
    {"dimension": "household_id"},
    {"dimension": "household.income"},
    {"dimension": "household.lifetime_sales"},
]
GRAINS = ("DAY", "WEEK", "MONTH", "QUARTER", "HALF_YEAR", "YEAR")
PARTS = ("DAY_OF_WEEK", "DAY_OF_MONTH", "WEEK_OF_YEAR", "MONTH_OF_YEAR", "QUARTER_OF_YEAR")
SHIFTS = [{"periods": 1, "unit": "YEAR"}, {"periods": 1, "unit": "MONTH"}, {"periods": 4, "unit": "WEEK"}]

times = st.one_of(
    st.sampled_from(GRAINS).map(lambda grain: {"dimension": "transaction_date", "grain": grain, "alias": "period"}),
    st.sampled_from(PARTS).map(lambda part: {"dimension": "transaction_date", "part": part, "alias": "part"}),
)
days = st.dates().map(lambda day: day.replace(year=2017).isoformat())


def _compared(name: str, values: st.SearchStrategy[Any], ops: tuple[str, ...]) -> st.SearchStrategy[Question]:
    one = st.builds(lambda op, value: {"dimension": name, "op": op, "values": [value]}, st.sampled_from(ops), values)
    several = st.builds(
        lambda op, many: {"dimension": name, "op": op, "values": many},
        st.sampled_from(("IN", "NOT_IN")),
        st.lists(values, max_size=3),
    )
    null = st.sampled_from(("IS_NULL", "IS_NOT_NULL")).map(lambda op: {"dimension": name, "op": op})
    return st.one_of(one, several, null)


ORDERED = ("EQ", "NE", "GT", "LTE", "IS_DISTINCT_FROM")
texts = st.sampled_from(("MEAT", "GROCERY", "it's", 'a "quoted" word', "$1; drop", "100%_", "\\"))
ranges = st.lists(days, min_size=2, max_size=2).map(
    lambda ends: {"dimension": "transaction_date", "op": "IN_RANGE", "values": sorted(ends)}
)
parts_compared = st.builds(
    lambda part, op, value: {"dimension": "transaction_date", "part": part, "op": op, "values": [value]},
    st.sampled_from(PARTS),
    st.sampled_from(ORDERED),
    st.integers(1, 12),
)
metric_filters = st.builds(
    lambda metric, over, op: {"metric": metric, "per": "household_id", "over": over, "op": op, "values": [3]},
    st.sampled_from(("sales", "baskets", "coupon_redemptions")),
    st.sampled_from(("ALL_TIME", "RANGE")),
    st.sampled_from(("GT", "LTE")),
)
on_all = st.one_of(
    ranges,
    _compared("transaction_date", days, ORDERED),
    parts_compared,
    _compared("household.income", texts, (*ORDERED, "CONTAINS", "STARTS_WITH")),
    _compared("household_id", st.integers(1, 3000), ORDERED),
    _compared("household.lifetime_sales", st.just("12.50"), ORDERED),
    metric_filters,
    st.just({"segment": "big_spenders"}),
)
on_lines = st.one_of(
    _compared("product.department", texts, (*ORDERED, "ENDS_WITH")),
    _compared("product_campaign.campaign_type", texts, ORDERED),
    _compared("household_campaign.campaign_id", st.integers(1, 30), ORDERED),
    st.just({"segment": "promoted_lines"}),
    st.just({"segment": "displayed_lines"}),
)


def _nested(atoms: st.SearchStrategy[Question]) -> st.SearchStrategy[Question]:
    def wider(inner: st.SearchStrategy[Question]) -> st.SearchStrategy[Question]:
        nodes = st.lists(inner, min_size=1, max_size=2)
        return st.one_of(
            nodes.map(lambda found: {"and": found}),
            nodes.map(lambda found: {"or": found}),
            inner.map(lambda found: {"not": found}),
        )

    return st.recursive(atoms, wider, max_leaves=3)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question that binds, or is refused for one of the reasons that only the plan can see."""
    several = draw(st.booleans())
    names = (*OF_LINES, *OF_REDEMPTIONS) if several else OF_LINES
    asked = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
    metrics: list[Question] = [{"name": name, "alias": f"m{place}"} for place, name in enumerate(asked)]
    pool = OF_ALL if several else [*OF_ALL, *OF_LINES_ALONE]
    chosen = draw(st.lists(st.sampled_from(pool), max_size=2, unique_by=lambda one: one["dimension"]))
    by = [*draw(st.lists(times, max_size=2, unique_by=lambda one: one["alias"])), *chosen]
    if draw(st.booleans()) and any("grain" in one for one in by):
        metrics[0]["shift"] = draw(st.sampled_from(SHIFTS))
    names_of_keys = [one.get("alias", one["dimension"]) for one in by]
    question: Question = {"metrics": metrics, "by": by}
    if draw(st.booleans()):
        question["where"] = draw(_nested(on_all if several else st.one_of(on_all, on_lines)))
    if draw(st.booleans()):
        question["having"] = {"key": "m0", "op": draw(st.sampled_from(("GT", "LTE", "IS_NULL"))), "values": [2]}
        if question["having"]["op"] == "IS_NULL":
            del question["having"]["values"]
    if names_of_keys and draw(st.booleans()):
        question["totals"] = [[], draw(st.lists(st.sampled_from(names_of_keys), unique=True))]
    question["includeEmpty"] = draw(st.booleans())
    question["fillTime"] = draw(st.booleans()) and sum("grain" in one for one in by) == 1
    return question
