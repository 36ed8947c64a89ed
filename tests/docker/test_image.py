"""The image without a Docker engine: its text, and its own commands run in a folder."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.docker.dockerfile import stages, texts
from tests.house.tree import ROOT

DOCKER = ROOT / "docker"
BUILD, RUNTIME = stages(DOCKER / "Dockerfile")
COMPOSE = YAML(typ="safe").load((DOCKER / "compose.yaml").read_text("utf-8"))
INSTALLED = "/opt/semantic-layer"
PATIENCE = 120.0
SECRETS = {"REGISTRY_PASSWORD": "not-used-over-a-socket", "DASHBOARD_KEY": "a-key-of-the-dashboard"}


# --- its text ----------------------------------------------------------------------------------------------------


def test_the_runtime_has_no_tools_of_the_build() -> None:
    assert texts(BUILD, "FROM") == ["python:${PYTHON}-slim-bookworm AS build"]
    assert texts(RUNTIME, "FROM") == ["python:${PYTHON}-slim-bookworm"]
    assert texts(RUNTIME, "RUN") == []
    assert f"--from=build {INSTALLED} {INSTALLED}" in texts(RUNTIME, "COPY")


def test_it_runs_as_nobody_in_particular() -> None:
    [user] = texts(RUNTIME, "USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    words = [one.word for one in RUNTIME]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word == "COPY"), "root owns the files"


def test_every_source_exists_and_is_sent_to_the_builder() -> None:
    ignored, *sent = [
        line for line in (DOCKER / "Dockerfile.dockerignore").read_text("utf-8").splitlines() if line[:1] != "#"
    ]
    assert ignored == "*"
    copies = [one.copied for stage in (BUILD, RUNTIME) for one in stage if one.word == "COPY" and "--" not in one.text]
    sources = {source for many, _ in copies for source in many}
    assert sources == {line[1:] for line in sent if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)


def test_every_package_is_the_lock_s() -> None:
    installs = [part for text in texts(BUILD, "RUN") for part in re.findall(r"(?:uv )?pip install [^&]+", text)]
    assert len(installs) == 3
    by_pip, packages, project = installs
    assert {"--require-hashes", "--no-deps"} <= set(by_pip.split())
    assert "--constraint requirements.lock" in packages and "--no-build" in packages
    assert "--no-deps" in project and "--build-constraint requirements.lock" in project


# --- what compose makes of it ------------------------------------------------------------------------------------


def test_the_compose_file_has_the_form_of_its_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", str(DOCKER / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_stands_in_git_and_none_has_a_default() -> None:
    text = (DOCKER / "compose.yaml").read_text("utf-8")
    secret = re.findall(r"\$\{(\w*(?:PASSWORD|KEY)\w*)([^}]*)\}", text)
    assert {name for name, _ in secret} == set(SECRETS)
    assert {rest for _, rest in secret} == {":?run docker/secrets first"}
    ignored = subprocess.run(["git", "check-ignore", "docker/.env"], cwd=ROOT, capture_output=True, check=False)
    assert ignored.returncode == 0


def test_secrets_are_made_at_random_and_kept(tmp_path: Path) -> None:
    script = shutil.copy(DOCKER / "secrets", tmp_path / "secrets")
    made = []
    for _ in range(2):
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        made.append((tmp_path / ".env").read_text())
    assert made[0] == made[1], "a second run keeps the password that the database was made with"
    values = dict(line.split("=") for line in made[0].splitlines())
    assert values.keys() == SECRETS.keys()
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values.values()) and len(set(values.values())) == 2
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    (tmp_path / ".env").unlink()
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    assert (tmp_path / ".env").read_text() != made[0]


# --- its own commands --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage leaves in /opt/semantic-layer: its COPY and RUN lines, carried out in a folder."""
    place = tmp_path_factory.mktemp("image")
    build, target = place / "build", place / "installed"
    build.mkdir()
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "UV_PYTHON": sys.executable}
    for one in BUILD:
        if one.word == "COPY":
            sources, to = one.copied
            for source in sources:
                _copy(ROOT / source, build / to / Path(source).name if to == "./" else build / to)
        if one.word == "RUN":
            parts = [part for part in one.text.split("&&") if not part.strip().startswith("pip ")]  # uv is here already
            command = "&&".join(parts).replace(INSTALLED, str(target))
            done = subprocess.run(
                ["sh", "-ec", command],
                cwd=build,
                env={**os.environ, **tools},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    for source in ("docker/healthy.py",):
        _copy(ROOT / source, target / Path(source).name)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.fixture
def registry_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    yield postgres_server.create_database("in_compose")
    postgres_server.drop_database("in_compose")


def test_compose_publishes_and_the_image_answers(
    installed: Path, registry_url: str, golden_data: Path, tmp_path: Path
) -> None:
    """The commands and the environment of the compose file; only addresses and folders are this machine's."""
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        port = looking.getsockname()[1]
    set_in_image = dict(part.split("=", 1) for text in texts(RUNTIME, "ENV") for part in text.split())
    here = {
        **set_in_image,
        "PATH": f"{installed}/bin:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "SEMANTIC_LAYER_PORT": str(port),
        "TMPDIR": str(tmp_path),
    }
    places = {"/data": str(golden_data), "/definitions": str(ROOT / "schema/demo"), INSTALLED: str(installed)}
    [entry] = texts(RUNTIME, "ENTRYPOINT")
    program = _listed(entry)

    publish = [*program, *(places.get(part, part) for part in COMPOSE["services"]["definitions"]["command"])]
    environment = {**here, **_environment("definitions", registry_url, places)}
    done = subprocess.run(publish, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "revision 1" in done.stdout, done.stdout + done.stderr

    [command] = texts(RUNTIME, "CMD")
    environment = {**here, **_environment("server", registry_url, places)}
    server = subprocess.Popen(
        [*program, *_listed(command)], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        [check] = texts(RUNTIME, "HEALTHCHECK")
        of_image = _listed(check.partition("CMD ")[2])
        of_compose = COMPOSE["services"]["server"]["healthcheck"]["test"][1:]
        for health in (of_image, of_compose):
            asked = [part.replace(INSTALLED, str(installed)) for part in health]
            assert _in_time(
                lambda asked=asked: (
                    subprocess.run(asked, env=environment, capture_output=True, check=False).returncode == 0
                )
            )
        question = {
            "query": "query ($ask: AskInput!) { query(ask: $ask) { rows } }",
            "variables": {"ask": {"metrics": [{"name": "baskets"}]}},
        }
        key = {"Authorization": f"Bearer {SECRETS['DASHBOARD_KEY']}"}
        reply = httpx.post(f"http://127.0.0.1:{port}/graphql", json=question, headers=key, timeout=PATIENCE)
        assert reply.json()["data"]["query"]["rows"][0][0] > 0
        assert httpx.post(f"http://127.0.0.1:{port}/graphql", json=question).status_code == 401
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=PATIENCE)
        assert server.returncode == 0, said
        assert not any(secret in said for secret in SECRETS.values())
    finally:
        server.kill()
        server.wait()
    unhealthy = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert unhealthy.returncode == 1 and "no answer" in unhealthy.stderr


def test_the_health_check_asks_by_a_name_that_is_served(installed: Path) -> None:
    """Where hosts are listed, 127.0.0.1 is refused: the check must not call such a server ill."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        environment = {
            "SEMANTIC_LAYER_PORT": str(listening.getsockname()[1]),
            "SEMANTIC_LAYER_ALLOWED_HOSTS": "metrics.example.com, other",
        }
        command = [str(installed / "bin/python"), str(installed / "healthy.py"), "/healthz"]
        check = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        caller, _ = listening.accept()
        with caller:
            assert b"Host: metrics.example.com\r\n" in caller.recv(10_000)
            caller.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        check.communicate(timeout=PATIENCE)
        assert check.returncode == 1


def _listed(text: str) -> list[str]:
    parts: list[str] = YAML(typ="safe").load(text)
    return parts


def _environment(service: str, registry_url: str, places: dict[str, str]) -> dict[str, str]:
    """A service's environment with its variables filled in, as compose does it, and this machine's addresses."""
    filled = {}
    for name, text in COMPOSE["services"][service]["environment"].items():
        value = re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", lambda m: SECRETS.get(m[1]) or m[3], text)
        for inside, here in places.items():
            value = value.replace(f"//{inside}", f"//{here}")
        filled[name] = registry_url if name == "SEMANTIC_LAYER_REGISTRY_URL" else value
    return filled


def _in_time(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.2)
    return False
