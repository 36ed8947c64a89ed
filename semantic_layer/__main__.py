"""`python -m semantic_layer` and the command `semantic-layer`."""

from semantic_layer.cli.program import program


def main() -> None:
    program()


if __name__ == "__main__":
    main()
