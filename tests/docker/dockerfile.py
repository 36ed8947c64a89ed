"""A Dockerfile as its instructions, by stage."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """`RUN` and what stands after it, on one line."""

    word: str
    text: str

    @property
    def listed(self) -> list[str]:
        """Of the form `CMD ["a", "b"]`."""
        parts: list[str] = json.loads(self.text)
        return parts

    @property
    def copied(self) -> tuple[list[str], str]:
        """Of a COPY without flags: the sources and the target."""
        *sources, target = shlex.split(self.text)
        return sources, target


def stages(path: Path) -> list[list[Instruction]]:
    """What stands before the first FROM (ARG) is in no stage."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    instructions = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    found: list[list[Instruction]] = []
    for one in instructions:
        if one.word == "FROM":
            found.append([])
        if found:
            found[-1].append(one)
    return found


def texts(stage: list[Instruction], word: str) -> list[str]:
    return [one.text for one in stage if one.word == word]
