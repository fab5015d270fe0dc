"""The command line of the course: ``python -m course_utils COMMAND``."""

import argparse
import sys


def main(arguments=None):
    """Run the command line; return the exit status, 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m course_utils", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    execute = commands.add_parser("execute", help="re-execute notebooks and store their outputs")
    execute.add_argument("chapters", nargs="*", help="chapter numbers or names; all if left out")
    execute.set_defaults(run=_execute)

    options = parser.parse_args(arguments)
    return options.run(options)


def _execute(options):
    from course_utils import notebooks

    try:
        for path in notebooks.find(options.chapters):
            print(f"{path.name}: ", end="", flush=True)
            print("changed" if notebooks.execute(path) else "unchanged")
    except notebooks.NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
