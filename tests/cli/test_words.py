import pytest

from semantic_layer.cli.words import Node, Unreadable, read_dimension, read_metric, read_order


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("sales", {"name": "sales"}),
        ("sales as s", {"name": "sales", "alias": "s"}),
        ("sales@1", {"name": "sales", "version": 1, "alias": "sales_v1"}),
        ("sales 1 year ago", {"name": "sales", "shift": {"periods": 1, "unit": "YEAR"}, "alias": "sales_1_year_ago"}),
        (
            "sales@2 (days=28, kind=a b) 3 months ago as before",
            {
                "name": "sales",
                "version": 2,
                "parameters": {"days": 28, "kind": "a b"},
                "shift": {"periods": 3, "unit": "MONTH"},
                "alias": "before",
            },
        ),
    ],
)
def test_metrics(text: str, metric: Node) -> None:
    assert read_metric(text) == metric


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("product.department", {"dimension": "product.department"}),
        ("transaction_date:month", {"dimension": "transaction_date", "grain": "MONTH"}),
        (
            "transaction_date:hour_of_day as hour",
            {"dimension": "transaction_date", "part": "HOUR_OF_DAY", "alias": "hour"},
        ),
    ],
)
def test_dimensions(text: str, dimension: Node) -> None:
    assert read_dimension(text) == dimension


def test_orders() -> None:
    assert read_order("sales desc") == {"key": "sales", "descending": True}
    assert read_order("product.department") == {"key": "product.department", "descending": False}


@pytest.mark.parametrize("text", ["", "sales @1", "sales as", "sales 1 year", "sales (days)", "sales@x"])
def test_what_is_no_metric(text: str) -> None:
    with pytest.raises(Unreadable):
        read_metric(text)


@pytest.mark.parametrize("text", ["", ":month", "transaction_date:", "a b c"])
def test_what_is_no_dimension(text: str) -> None:
    with pytest.raises(Unreadable):
        read_dimension(text)
