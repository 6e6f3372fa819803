"""
What is wrong with the words of a command, in one line, as every other mistake of a caller is told.
"""

from __future__ import annotations

import re
from typing import Any

import typer

from ..errors import UsageError, nearest

# What click raises for misused words: its ClickException, or the copy that newer typers keep to themselves.
Misused: Any = typer.BadParameter.__mro__[2]

_QUOTED = re.compile(r"'([^']*)'")


def mistake(error: Any) -> UsageError:
    """
    The caller's mistake behind an exception of click's, which are told apart by their names: whose they are depends on
    the typer that is installed.
    """
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "crashbench"
    see = f"see `{path} --help`"
    said = error.format_message().strip().rstrip(".")
    match type(error).__name__:
        case "NoSuchOption":
            hint = nearest(error.option_name, _options(context)) if context is not None else see
            return UsageError(f"there is no such option; {hint}", key=error.option_name)
        case "MissingParameter" if error.param is not None:
            return UsageError(f"missing; write `{path}{_words(context, error.param)}`", key=_key(error.param))
        case "BadParameter" if error.param is not None:
            return UsageError(f"{_plain(error.message)}; {see}", key=_key(error.param))
        case "BadOptionUsage":
            return UsageError(f"{_plain(said)}; {see}", key=error.option_name)
    if said.startswith("No such command") and (word := _QUOTED.search(said)):
        known = getattr(context.command, "commands", {}) if context is not None else {}
        return UsageError(f"there is no such command; {nearest(word[1], known)}", key=word[1])
    return UsageError(f"{_plain(said)}; {see}")


def _options(context: Any) -> list[str]:
    return [word for param in context.command.get_params(context) for word in param.opts if word.startswith("--")]


def _words(context: Any, missing: Any) -> str:
    """
    The arguments that a command wants, and the option that is missing, if it is one.
    """
    params = context.command.get_params(context) if context is not None else ()
    words = [_key(param) for param in params if param.param_type_name == "argument"]
    if missing.param_type_name != "argument":
        words.append(f"{_key(missing)} …")
    return "".join(f" {word}" for word in words)


def _key(param: Any) -> str:
    return str(param.name).upper() if param.param_type_name == "argument" else str(param.opts[0])


def _plain(said: str) -> str:
    """
    What click or pydantic says of a value, without their own openings.
    """
    said = said.strip().rstrip(".").removeprefix("Value error, ").replace("Input should be", "must be", 1)
    said = said.partition(", unable to parse")[0]
    return said[:1].lower() + said[1:]
