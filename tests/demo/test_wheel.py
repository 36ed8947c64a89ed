import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

from tests.house.tree import ROOT


def test_an_installed_package_has_what_a_checkout_has_at_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    names = zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))).namelist()
    migrations = {path.name for path in (ROOT / "migrations/versions").glob("*.py")}
    definitions = {path.name for path in (ROOT / "schema/demo").glob("*.yaml")}
    assert migrations == {Path(name).name for name in names if "store/migrations/versions/" in name}
    assert definitions == {Path(name).name for name in names if "demo/definitions/" in name}
    page = {path.name for path in (ROOT / "examples/dashboard/page").iterdir()}
    assert page == {Path(name).name for name in names if "demo/dashboard_page/" in name}
    assert "semantic_layer/store/migrations/env.py" in names
    assert "semantic_layer/web/graphiql/page.html" in names
