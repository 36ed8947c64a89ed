from pathlib import Path

import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.app.application import open_application
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.settings import Settings, fixed_settings
from tests.house.tree import ROOT

DEMO = ROOT / "schema/demo"
SALES = read_ask({"metrics": [{"name": "sales"}]})
PRINCIPAL = Principal("tests")


def with_data() -> Settings:
    return fixed_settings(connections={"RETAIL": f"duckdb://{ROOT / '.demo/subset'}"})


async def test_a_published_catalog_is_served(registry_url: str) -> None:
    async with open_application(with_data(), registry_url) as application:
        with pytest.raises(SemanticLayerError) as nothing_yet:
            await application.backend.answers.answer(SALES, PRINCIPAL)
        assert nothing_yet.value.code is ErrorCode.NOT_READY
        applied = await application.registry.publisher.publish(read_files([DEMO]), actor="tests")
        await application.catalogs.wait_for(applied.record.number, timeout=30)
        answer = await application.backend.answers.answer(SALES, PRINCIPAL)
        assert answer.meta.revision == applied.record.number == 1
        assert answer.rows.num_rows == 1


async def test_a_source_that_is_down_stops_no_start(registry_url: str, tmp_path: Path) -> None:
    settings = fixed_settings(connections={"RETAIL": f"duckdb://{tmp_path / 'gone'}"})
    async with open_application(settings, registry_url) as application:
        await application.registry.publisher.publish(read_files([DEMO]), actor="tests")
        await application.catalogs.wait_for(1, timeout=5)
        with pytest.raises(SemanticLayerError) as refused:
            await application.backend.answers.answer(SALES, PRINCIPAL)
        assert refused.value.code is ErrorCode.SOURCE_UNAVAILABLE
        assert refused.value.retryable
        assert str(tmp_path) not in str(refused.value)


async def test_a_registry_that_is_down_stops_the_start(tmp_path: Path) -> None:
    url = f"postgresql://semantic_layer@/semantic_layer?host={tmp_path}"
    with pytest.raises(SemanticLayerError) as refused:
        async with open_application(with_data(), url):
            pass
    assert refused.value.code is ErrorCode.REGISTRY_UNAVAILABLE


async def test_a_connection_without_a_known_form_is_told_with_its_setting(registry_url: str) -> None:
    settings = fixed_settings(connections={"RETAIL": "oracle://user:hunter2@db/x"})
    with pytest.raises(SemanticLayerError, match="SEMANTIC_LAYER_CONNECTIONS__RETAIL") as refused:
        async with open_application(settings, registry_url):
            pass
    assert "hunter2" not in str(refused.value)


async def test_limits_are_those_of_the_settings() -> None:
    settings = with_data().changed(default_limit=2, max_limit=3)
    by_month = {"metrics": [{"name": "sales"}], "by": [{"dimension": "transaction_date", "grain": "MONTH"}]}
    async with open_backend(settings, draft_catalogs(read_files([DEMO]))) as backend:
        answer = await backend.answers.answer(read_ask(by_month), PRINCIPAL)
        assert (answer.rows.num_rows, answer.meta.truncated) == (2, True)
        with pytest.raises(SemanticLayerError) as refused:
            await backend.answers.answer(read_ask({**by_month, "limit": 4}), PRINCIPAL)
        assert refused.value.code is ErrorCode.LIMIT_TOO_LARGE


async def test_a_connection_is_found_whatever_its_case(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    for file in DEMO.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("connection: RETAIL", "connection: Retail")
        (tmp_path / "demo" / file.name).write_text(text, encoding="utf-8")
    async with open_backend(with_data(), draft_catalogs(read_files([tmp_path / "demo"]))) as backend:
        assert (await backend.answers.answer(SALES, PRINCIPAL)).rows.num_rows == 1


async def test_definitions_in_files_answer_as_if_published_and_have_no_history(registry_url: str) -> None:
    catalog = read_files([DEMO])
    async with open_application(with_data(), registry_url) as application:
        await application.registry.publisher.publish(catalog, actor="tests")
        await application.catalogs.wait_for(1, timeout=5)
        published = await application.backend.answers.answer(SALES, PRINCIPAL)
    async with open_backend(with_data(), draft_catalogs(catalog)) as backend:
        draft = await backend.answers.answer(SALES, PRINCIPAL)
        assert draft.rows.equals(published.rows)
        assert draft.meta.versions == published.meta.versions
        with pytest.raises(SemanticLayerError) as refused:
            await backend.answers.answer(read_ask({"metrics": [{"name": "sales"}], "asOf": {"revision": 2}}), PRINCIPAL)
        assert refused.value.code is ErrorCode.UNKNOWN_REVISION
