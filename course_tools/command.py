"""The command line of the course: ``python -m course_tools COMMAND``."""

import argparse
import os
import sys
from pathlib import Path


def main(arguments=None):
    """Run the command line; return the exit status, 0 if all went well."""
    parser = argparse.ArgumentParser(prog="course", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    start = commands.add_parser("open", help="open the course in JupyterLab")
    start.add_argument("chapter", nargs="?", default="00", help="chapter number or name")
    start.set_defaults(run=_open)

    doctor = commands.add_parser("doctor", help="look at the installation, say what to do")
    doctor.set_defaults(run=_doctor)

    fetch = commands.add_parser("fetch", help="download the full MNIST set, 11.6 MB")
    fetch.set_defaults(run=_fetch)

    execute = commands.add_parser("execute", help="re-execute notebooks and store their outputs")
    execute.add_argument("chapters", nargs="*", help="chapter numbers or names; all if left out")
    execute.set_defaults(run=_execute)

    progress = commands.add_parser("progress", help="say which exercises are solved")
    progress.set_defaults(run=_progress)

    solve = commands.add_parser("solve", help="for instructors: write solved copies of notebooks")
    solve.add_argument("chapters", nargs="*", help="chapter numbers or names; all if left out")
    solve.add_argument("--to", metavar="FOLDER", default="solved", help="default: solved")
    solve.set_defaults(run=_solve)

    collect = commands.add_parser(
        "collect", help="for instructors: run submitted notebooks, write the outcomes as CSV"
    )
    collect.add_argument("folder", help="where the submitted notebooks are, at any depth")
    collect.add_argument(
        "--to", metavar="FILE", default="outcomes.csv", help="default: outcomes.csv"
    )
    collect.add_argument(
        "--seconds", type=float, default=900, help="stop a notebook after so long; default: 900"
    )
    collect.set_defaults(run=_collect)

    slides = commands.add_parser("slides", help="turn chapters into slides for a projector")
    slides.add_argument("chapters", nargs="*", help="chapter numbers or names; all if left out")
    slides.add_argument("--pdf", action="store_true", help="print them to PDF too, by a browser")
    slides.add_argument("--output", default="slides", metavar="FOLDER", help="default: slides")
    slides.set_defaults(run=_slides)

    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        from course_tools.doctor import INSTALL

        print(f"{error.name} is not installed; {INSTALL}", file=sys.stderr)
        return 1


def _open(options):
    from jupyterlab.labapp import main as jupyterlab

    from course_tools import execute as notebooks

    try:
        [path] = notebooks.find([options.chapter])
    except notebooks.NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    # In a terminal of JupyterLab, `python` is then the course's own.
    path_of_tools = [str(Path(sys.executable).parent), os.environ.get("PATH")]
    os.environ["PATH"] = os.pathsep.join(filter(None, path_of_tools))
    # On its first start JupyterLab would ask whether to fetch news: these settings leave that out.
    settings = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    return jupyterlab([str(path)])


def _doctor(_):
    from course_tools import doctor

    report = doctor.report()
    print(report)
    return 0 if report.well else 1


def _fetch(_):
    from course_utils.files import DATA, shown
    from course_utils.mnist import find_full_set
    from course_utils.mnist.download import DownloadError, fetch

    home = DATA / "mnist"
    folder, _, notes = find_full_set()
    for note in notes:
        print(note, file=sys.stderr)
    if folder:
        print(f"The full MNIST set is already in {shown(folder)}.")
        return 0
    try:
        set_aside = fetch(home)
    except DownloadError as error:
        print(
            f"MNIST could not be downloaded ({error}).\nMend that and try again, or copy the four "
            f"files into {shown(home)}: data/README.md names them.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    for path in set_aside:
        print(f"A damaged file is now called {shown(path)}.")
    print(f"The full MNIST set is now in {shown(home)}.")
    return 0


def _execute(options):
    from course_tools import execute as notebooks

    try:
        for path in notebooks.find(options.chapters):
            print(f"{path.name}: ", end="", flush=True)
            print("changed" if notebooks.execute(path) else "unchanged")
    except (notebooks.NotebookError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; its notebook stays as it was", file=sys.stderr)
        return 1
    return 0


def _progress(_):
    import course_exercises as exercises
    from course_exercises import progress

    for chapter in exercises.chapters():
        print(progress.overview(chapter))
    path = progress.file()
    print(f"\nKept in {path}" if path else "\nCOURSE_PROGRESS is off: nothing is kept.")
    return 0


def _solve(options):
    from course_tools import execute as notebooks
    from course_tools.solve import write_solved

    try:
        for path in notebooks.find(options.chapters):
            n_solved = write_solved(path, options.to)
            print(f"{Path(options.to) / path.name}: {n_solved} exercises solved")
    except (notebooks.NotebookError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _collect(options):
    from course_tools import collect as submissions

    paths = submissions.find(options.folder)
    if not paths:
        print(f"there is no notebook in {Path(options.folder).absolute()}", file=sys.stderr)
        return 1
    rows = []
    try:
        for path in paths:
            name = path.relative_to(options.folder).as_posix()
            outcomes = submissions.judge(path, options.seconds)
            rows += [(name, key, outcome) for key, outcome in outcomes]
            print(f"{name}: {', '.join(outcome for _, outcome in outcomes)}", flush=True)
            submissions.write_csv(options.to, rows)
    except OSError as error:
        print(f"{options.to} could not be written ({error.strerror})", file=sys.stderr)
        return 1
    print(f"Written to {options.to}")
    return 0


def _slides(options):
    from course_tools import execute as notebooks
    from course_tools import slides

    try:
        for path in notebooks.find(options.chapters):
            html = slides.write_html(path, options.output)
            print(f"{html}: {html.stat().st_size / 1e6:.1f} MB", flush=True)
            if options.pdf:
                pdf = slides.write_pdf(html)
                print(f"{pdf}: {pdf.stat().st_size / 1e6:.1f} MB", flush=True)
    except (notebooks.NotebookError, slides.SlidesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the files named above are complete", file=sys.stderr)
        return 1
    return 0
