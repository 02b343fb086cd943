"""Puts the commands together, and shows whatever goes wrong as `error:` and `hint:` lines."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer

from loraloom import __version__
from loraloom.cli import (
    backup,
    caption,
    chat,
    config,
    dataset,
    demo,
    export,
    inspect,
    machine,
    migrate,
    plan,
    presets,
    publish,
    sample,
    serve,
    train,
    user,
    worker,
)
from loraloom.cli.show import show_error, show_usage_error

HELP = (
    "LoRA Loom: a folder of pictures or texts in, a LoRA that works in the tools people already use out.\n\n"
    "`loraloom demo` shows the whole path on this machine without a download, `loraloom demo --text` that of a language "
    "model. With pictures or texts of your own: `loraloom config new --data FOLDER --out my.yaml`, then "
    "`loraloom train my.yaml`."
)
DEBUG = "LORALOOM_DEBUG"

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"loraloom {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", is_eager=True, callback=_show_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")] = False,
) -> None:
    """Options of every command."""


app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("train")(train.train)
app.command("sample")(sample.sample)
app.command("chat")(chat.chat)
app.command("caption")(caption.caption)
app.command("plan")(plan.plan)
app.command("machine")(machine.machine)
app.command("inspect")(inspect.inspect)
app.command("export")(export.export)
app.command("publish")(publish.publish)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("migrate")(migrate.migrate)
app.add_typer(dataset.app, name="dataset")
app.add_typer(config.app, name="config")
app.add_typer(presets.app, name="presets")
app.add_typer(user.app, name="user")


def main() -> None:
    """Entry point of the command. Exit codes: 0, 1 (error), 2 (usage), 130 (interrupted)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Carry out the command in `arguments` and return its exit code."""
    arguments, debug = _take_debug(arguments)
    try:
        code = app(args=arguments, prog_name="loraloom", standalone_mode=False)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - so that nothing is flushed into it on the way out
        return 1
    except Exception as error:
        if hasattr(error, "format_message"):
            return show_usage_error(error)
        if debug:
            traceback.print_exc()
        return show_error(error, as_json="--json" in arguments)
    return code if isinstance(code, int) else 0


def _take_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """`--debug` works before and after the command's name, as people type it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = arguments[:end]
    kept = [a for a in options if a != "--debug"]
    return kept + arguments[end:], len(kept) < len(options) or os.environ.get(DEBUG, "") not in ("", "0")
