import pytest

from semantic_layer.registry.search import Dictionary, Found, Hit, folded, pinyin
from tests.registry.shop import metric_text, shop

DICTIONARY = Dictionary(shop())


def names(query: str) -> list[str]:
    return [hit.name for hit in DICTIONARY.search(query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("sales", "sales"),
        ("SALES", "sales"),
        ("average order", "average_order"),
        ("average-order", "average_order"),
        ("turnover", "sales"),
        ("销售额", "sales"),
        ("营业额", "sales"),
        ("客单", "average_order"),
        ("xiaoshoue", "sales"),
        ("xiao shou e", "sales"),
        ("xse", "sales"),
        ("kdj", "average_order"),
        ("tuikuan", "refunds"),
        ("refnuds", "refunds"),
        ("money given", "refunds"),
        ("ＳＡＬＥＳ", "sales"),
    ],
)
def test_the_meant_metric_comes_first(query: str, first: str) -> None:
    assert names(query)[0] == first


def test_exact_before_prefix_before_part() -> None:
    assert names("销售额") == ["sales", "own_brand_sales", "average_order"]
    assert names("sales") == ["sales", "own_brand_sales", "average_order"]


def test_nothing_fits_nonsense_and_emptiness() -> None:
    assert names("qqqq") == []
    assert names("  ") == []


def test_sure_hits_come_before_look_alikes() -> None:
    hits = DICTIONARY.search("order count")
    assert hits[0] == Hit(Found.METRIC, "order_count", 1000, "order_count")
    assert all(hit.score < 500 for hit in hits if hit.name != "order_count")


def test_dimensions_are_found_when_asked_for() -> None:
    assert DICTIONARY.search("品牌", kind=Found.DIMENSION)[0].name == "product.brand"
    assert {hit.kind for hit in DICTIONARY.search("order", kind=None)} == {Found.METRIC, Found.DIMENSION}


def test_the_order_does_not_depend_on_the_order_of_definitions() -> None:
    more = metric_text("zeta", "is: sales * 2") + metric_text("alpha", "is: sales * 3")
    hits = Dictionary(shop(more=more)).search("another number")
    assert [hit.name for hit in hits][:2] == ["alpha", "zeta"]


def test_a_long_query_is_cut_not_refused() -> None:
    assert DICTIONARY.search("sales" * 10_000) == DICTIONARY.search("sales" * 20)


def test_pinyin_keeps_other_letters() -> None:
    assert pinyin("近28天") == ("jin28tian", "j28t")
    assert pinyin("sales") == ()


def test_folding() -> None:
    assert folded("  Sales_YTD - net ") == "sales ytd net"
