"""The dashboard that the demo shows: examples/dashboard of a checkout, which a wheel has beside this file."""

from pathlib import Path

from semantic_layer.web.static_page import StaticPage

ADDRESS = "/dashboard"
PLACES = (Path(__file__).parents[2] / "examples/dashboard/page", Path(__file__).with_name("dashboard_page"))


def dashboard() -> StaticPage:
    return StaticPage(ADDRESS, next((place for place in PLACES if place.is_dir()), PLACES[0]))
