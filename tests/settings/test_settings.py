from collections.abc import Mapping

import pytest

from semantic_layer.settings import Settings, SettingsMistake, load_settings


def loaded(patch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> Settings:
    for name, value in variables.items():
        patch.setenv(f"SEMANTIC_LAYER_{name}", value)
    return load_settings()


def refused(patch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> str:
    with pytest.raises(SettingsMistake) as caught:
        loaded(patch, variables)
    return str(caught.value)


def test_nothing_said_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {})
    assert settings.host == "127.0.0.1"
    assert settings.api_keys == {}
    assert settings.anonymous_viewer is False
    assert (settings.default_limit, settings.max_limit) == (10_000, 100_000)


def test_connections_and_keys_are_named_whatever_their_case(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        {
            "CONNECTIONS__Retail": "duckdb:///data",
            "API_KEYS__Dashboard": "k" * 16,
            "ALLOWED_HOSTS": "a.example, b.example",
        },
    )
    assert settings.connection("retail") == settings.connection("RETAIL") == "duckdb:///data"
    assert settings.connection("other") is None
    assert list(settings.api_keys) == ["dashboard"]
    assert settings.allowed_hosts == ("a.example", "b.example")


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hunter2-hunter2-hunter2"
    url = f"postgresql://u:{secret}@db/x"
    settings = loaded(monkeypatch, {"REGISTRY_URL": url, "CONNECTIONS__A": url, "API_KEYS__A": secret})
    assert secret not in repr(settings) + str(settings) + str(settings.model_dump())
    monkeypatch.setenv("SEMANTIC_LAYER_API_KEYS__B", secret)
    monkeypatch.setenv("SEMANTIC_LAYER_PORT", secret)
    assert secret not in refused(monkeypatch, {})


def test_all_mistakes_at_once_with_the_names_of_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, {"REGISTY_URL": "x", "PORT": "0", "LOG_LEVEL": "loud", "API_KEYS__A": "short"})
    assert "SEMANTIC_LAYER_REGISTY_URL is no setting; did you mean SEMANTIC_LAYER_REGISTRY_URL?" in said
    for variable in (
        "SEMANTIC_LAYER_PORT: ",
        "SEMANTIC_LAYER_LOG_LEVEL: ",
        "SEMANTIC_LAYER_API_KEYS: the key of a ",
    ):
        assert variable in said


def test_what_clients_read_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(monkeypatch, {"URL": "http://127.0.0.1:8000", "KEY": "k" * 16})


def test_two_clients_never_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "same key" in refused(monkeypatch, {"API_KEYS__A": "k" * 16, "API_KEYS__B": "k" * 16})


def test_limits_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DEFAULT_LIMIT is above" in refused(monkeypatch, {"DEFAULT_LIMIT": "200", "MAX_LIMIT": "100"})
