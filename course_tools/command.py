"""The command line: it finds out what is wanted, and says in one sentence what went wrong.

What a command does is in the module that has its name, in the function ``run``.
"""

import argparse
import contextlib
import importlib
import os
import sys
from pathlib import Path

from course_utils.message import CourseError, Message

WITHOUT_NOTEBOOKS = ("doctor", "progress", "collect")  # work outside the course's folder too
JUPYTERLAB = {  # what `course open` hands on to it
    "--port": "the port where it listens",
    "--ip": "the address where it listens",
    "--no-browser": "open no browser",
    "--allow-root": "run for the user root too, as in a container",
}
DAY = 24 * 60 * 60  # seconds


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process if left out.

    Returns
    -------
    int
        The exit status: 0 if all is well, 1 if not, 130 if stopped by Ctrl+C. A wrong usage ends
        Python with status 2.
    """
    sys.stdout.reconfigure(errors="backslashreplace")  # for names that a terminal cannot show
    options = argparse.Namespace(debug=False)
    try:
        try:
            _parser().parse_args(arguments, options)
            return _run(**vars(options))
        finally:
            sys.stdout.flush()  # so that a full disk, or a reader that has left, is noticed here
    except (Exception, KeyboardInterrupt) as error:
        if options.debug:
            raise
        _empty_stdout()
        if not isinstance(error, BrokenPipeError):  # as of `course progress | head -1`
            print(_sentence(error, options), file=sys.stderr)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def _parser():
    anywhere = argparse.ArgumentParser(add_help=False)
    anywhere.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,  # so that it counts before the command and behind it
        help="show where in the code an error comes from",
    )
    parser = argparse.ArgumentParser(
        prog="course",
        description="The command of the course. Chapters are called 03, or 03_softmax, or by the "
        "path of their notebook.",
        epilog="`course COMMAND --help` says more about one of them.",
        parents=[anywhere],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, text):
        return commands.add_parser(name, help=text, description=text, parents=[anywhere])

    def add_chapters(command):
        command.add_argument("chapters", nargs="*", help="which chapters; all if left out")

    opening = add("open", "open the course, or a chapter of it, in JupyterLab")
    opening.set_defaults(lab_options=[])
    for name, text in JUPYTERLAB.items():
        known = {"dest": "lab_options", "help": f"for JupyterLab: {text}"}
        if name in ("--no-browser", "--allow-root"):
            opening.add_argument(name, action="append_const", const=name, **known)
        else:
            value = f"{name}={{}}".format
            opening.add_argument(name, action="append", type=value, metavar="VALUE", **known)
    opening.add_argument("chapter", nargs="?", default="00", help="which chapter; default: 00")

    add("doctor", "look at your installation and say what to do")

    add("progress", "say which exercises you have solved")

    slides = add("slides", "for instructors: turn chapters into slides, and list them")
    add_chapters(slides)
    slides.add_argument("--pdf", action="store_true", help="print them to PDF too, by a browser")
    slides.add_argument("--notes", action="store_true", help="the PDF, with your notes below each")
    slides.add_argument("--answers", action="store_true", help="show your answers to exercises too")
    slides.add_argument(
        "--to", "--output", metavar="FOLDER", default="slides", help="default: slides"
    )

    solve = add("solve", "for instructors: write copies of chapters with the exercises solved")
    add_chapters(solve)
    solve.add_argument("--to", metavar="FOLDER", default="solved", help="default: solved")

    collect = add(
        "collect", "for instructors: run submitted notebooks, write what came of their exercises"
    )
    collect.add_argument("folder", help="where the submitted notebooks are, at any depth")
    collect.add_argument(
        "--to", metavar="FILE", default="outcomes.csv", help="a table; default: outcomes.csv"
    )
    collect.add_argument(
        "--seconds", type=_seconds, default=900, help="stop a notebook after so long; default: 900"
    )

    site = add("site", "for instructors: build a web site of the course, to be read in a browser")
    site.add_argument("folder", help="where it goes: new, empty, or with a site built before")
    site.add_argument(
        "--pyodide",
        metavar="FOLDER",
        help="an unpacked release of Pyodide, for a site that works without the internet",
    )
    site.add_argument(
        "--mnist", action="store_true", help="carry full MNIST, for tabs that ask for it; 11.6 MB"
    )

    serve = add("serve", "for instructors: serve a site, to this machine or to a lecture hall")
    serve.add_argument("folder", help="what `course site` built")
    serve.add_argument("--port", default="8000", help="default: 8000")
    serve.add_argument(
        "--hall", action="store_true", help="serve the whole network, and show the address large"
    )

    add("fetch", "for instructors and maintainers: download the full MNIST set, 11.6 MB")

    execute = add("execute", "for maintainers: re-execute chapters and store their outputs")
    add_chapters(execute)
    return parser


def _seconds(text):
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= DAY:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds between 0 and {DAY}")


def _run(command, debug, **options):
    if command not in WITHOUT_NOTEBOOKS:
        from course_tools.doctor import folder

        found, cure = folder()
        if cure:
            text = "The course cannot be used from here ({found}): {cure}"
            raise CourseError(text, found=found, cure=cure)
    return importlib.import_module(f"course_tools.{command}").run(**options) or 0


def _empty_stdout():
    """Write what is still to be written; where that cannot be, let nobody try again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_below(file, output):
    """Tell whether an error about a file arose in writing the output, or its folder."""
    file, output = Path(os.fsdecode(file)).absolute(), Path(output).absolute()
    return file.parent == output.parent or file.is_relative_to(output) or file in output.parents


def _sentence(error, options):
    """Return what a user reads in place of a traceback."""
    match error:
        case CourseError():
            return error.message
        case KeyboardInterrupt():
            return Message("Stopped. Every file is whole, and the same command may be given again.")
        case ImportError():
            from course_tools.doctor import INSTALL

            problem = str(error).strip().partition("\n")[0]
            return Message("{problem}; {install}", problem=problem, install=INSTALL)
        case OSError(filename=None):
            return Message("The system says: {reason}.", reason=error.strerror or error)
        case OSError() if "to" in options and _is_below(error.filename, options.to):
            text = "{file} cannot be written ({reason}): name another place with --to."
            return Message(text, file=error.filename, reason=error.strerror)
        case OSError():
            return Message("{file}: {reason}.", file=error.filename, reason=error.strerror)
        case _:
            return Message(
                "The course has a fault ({kind}: {problem}): please report it with what the same "
                "command says with --debug.",
                kind=type(error).__name__,
                problem=error,
            )
