"""What an installation chooses, read once at start from environment variables `SEMANTIC_LAYER_…` (docs/settings.md).

Only the environment is read: no file appears in a place that nobody looks at. A variable with our prefix that is
no setting is refused, because a setting that is silently ignored looks exactly like one that works.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from rapidfuzz import process

from semantic_layer.errors import CannotRun

PREFIX = "SEMANTIC_LAYER_"
NESTED = "__"
OF_CLIENTS = (f"{PREFIX}URL", f"{PREFIX}KEY")  # what the command line asks, and with which key (docs/cli.md)
SHORTEST_KEY = 16
ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?:\d{1,5}|\*))?")  # as browsers write it


class SettingsMistake(CannotRun):
    """The settings cannot be used; the text names the variables and holds none of their values."""


def _upper(named: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    return {name.upper(): value for name, value in named.items()}


def _lower(named: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    return {name.lower(): value for name, value in named.items()}


def _long_enough(keys: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    for name, key in keys.items():
        if len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"the key of {name} has fewer than {SHORTEST_KEY} characters")
    if len({key.get_secret_value() for key in keys.values()}) < len(keys):
        raise ValueError("two clients have the same key")
    return keys


def _listed(text: object) -> object:
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError("an origin is https://app.example, http://localhost:3000 or http://localhost:* (any port)")
    return origins


# Environment variables know no case: connections are read in capitals, clients in small letters.
Connections = Annotated[Mapping[str, SecretStr], AfterValidator(_upper)]
ApiKeys = Annotated[Mapping[str, SecretStr], AfterValidator(_lower), AfterValidator(_long_enough)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_origins)]


class Settings(BaseSettings):
    """Frozen. Urls and keys are SecretStr: they may hold passwords, and never appear in a repr or a message."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    registry_url: SecretStr | None = None
    data_dir: Path = Path(".semantic-layer")
    connections: Connections = Field(default_factory=dict)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    allowed_hosts: Names = ()
    api_keys: ApiKeys = Field(default_factory=dict)
    anonymous_viewer: bool = False
    cors_origins: Origins = ()

    default_limit: int = Field(default=10_000, ge=1)
    max_limit: int = Field(default=100_000, ge=1)
    question_seconds: float = Field(default=30.0, gt=0, le=3600)
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    poll_seconds: float = Field(default=1.0, ge=0.1, le=300)
    drain_seconds: int = Field(default=5, ge=0, le=300)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if self.default_limit > self.max_limit:
            raise ValueError(f"{PREFIX}DEFAULT_LIMIT is above {PREFIX}MAX_LIMIT")
        return self

    def changed(self, **chosen: object) -> "Settings":
        """The same settings but for these, checked again."""
        return fixed_settings(**{name: getattr(self, name) for name in self.model_fields_set} | chosen)

    @property
    def registry(self) -> str | None:
        return None if self.registry_url is None else self.registry_url.get_secret_value()

    def connection(self, name: str) -> str | None:
        """The url of a connection that a definition names, None if the settings have none of this name."""
        url = self.connections.get(name.upper())
        return None if url is None else url.get_secret_value()


class _FixedSettings(Settings):
    """Reads no environment: what is given is all there is."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def fixed_settings(**chosen: object) -> Settings:
    """Settings that a program chooses by itself (the demo, a test), whatever the environment says."""
    return _FixedSettings.model_validate(chosen)


def load_settings() -> Settings:
    """The settings of the process's environment. Raises SettingsMistake with every mistake at once."""
    mistakes = unknown_variables(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        mistakes += [_said(one["loc"], one["msg"]) for one in error.errors(include_url=False, include_input=False)]
    except SettingsError as error:  # a variable that should hold JSON does not
        mistakes.append(str(error))
    if mistakes:
        raise SettingsMistake("\n".join(mistakes))
    return settings


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """One sentence for each variable that has our prefix and names no setting."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    nested = tuple(PREFIX + name.upper() + NESTED for name in ("connections", "api_keys"))
    told = []
    for variable in sorted(environment):
        name = variable.upper()
        if name.startswith(PREFIX) and name not in (*known, *OF_CLIENTS) and not name.startswith(nested):
            near = [str(hit[0]) for hit in process.extract(name, known, limit=2, score_cutoff=80)]
            told.append(f"{variable} is no setting" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return told


def _said(place: tuple[int | str, ...], message: str) -> str:
    variable = PREFIX + NESTED.join(str(part).upper() for part in place)
    plain = message.removeprefix("Value error, ")
    return f"{variable}: {plain}" if place else plain
