"""`make house`: how large the rooms are, and the longest files and functions. It prints; nothing fails.

Whoever passes 400 lines in a file or 60 in a function asks which second idea is inside.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from tests.house.tree import Module, modules

FILE_LINES = 400
FUNCTION_LINES = 60
SHOWN = 12


def functions(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield length, f"{module.path}:{node.lineno} {node.name}"


def show(title: str, rows: list[tuple[int, str]], limit: int | None = None) -> None:
    print(f"\n{title}")
    for length, name in sorted(rows, reverse=True)[:SHOWN]:
        print(f"{length:6}  {name}{'   <- which second idea?' if limit and length > limit else ''}")


def main() -> None:
    rooms: Counter[str] = Counter()
    for module in modules():
        rooms[module.room] += module.text.count("\n")
    everything = [*modules(), *modules("migrations")]
    print(f"{sum(rooms.values())} lines in {len(modules())} modules", end="")
    print(f", {sum(one.text.count(chr(10)) for one in modules('tests'))} lines of tests")
    show("Rooms", [(lines, room) for room, lines in rooms.items()])
    show("Longest files", [(one.text.count("\n"), one.path) for one in everything], FILE_LINES)
    show("Longest functions", [row for one in everything for row in functions(one)], FUNCTION_LINES)


if __name__ == "__main__":
    main()
