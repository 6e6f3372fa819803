"""
Loads the firmware's own files into this process, by path, so that it runs under virtual time.

They import each other and MicroPython's modules by plain names. An importer of their own resolves those, so nothing is
added to `sys.modules`, and every load is a board of its own.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# The boards that the shipped pin table knows, by what `sys.platform` says there.
_PLATFORMS = ("rp2", "esp32")


@cache
def shipped_wirings(folder: Path) -> frozenset[str]:
    """
    The checksums that boards tell whose pin table is the one in `folder`.
    """
    loaders = (Loader([folder], {"sys": types.SimpleNamespace(platform=platform)}) for platform in _PLATFORMS)
    return frozenset(loader.load("wiring").digest() for loader in loaders)


class Loader:
    """
    One board's modules: `given` ones by name, then files in `folders`, then the process's own.
    """

    def __init__(self, folders: list[Path], given: Mapping[str, object]) -> None:
        self._folders = folders
        self._modules: dict[str, object] = dict(given)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> Any:
        """
        The module of that name, executed once.

        Raises:
            ImportError: no folder holds it.
        """
        if name not in self._modules:
            path = self._find(name)
            if path is None:
                raise ImportError(f"no {name}.py in {', '.join(map(str, self._folders))}")
            module = types.ModuleType(name)
            module.__file__ = str(path)
            vars(module)["__builtins__"] = self._builtins
            self._modules[name] = module
            exec(_compiled(path.read_text("utf-8"), str(path)), vars(module))
        return self._modules[name]

    def _find(self, name: str) -> Path | None:
        paths = (folder / f"{name}.py" for folder in self._folders)
        return next((path for path in paths if path.is_file()), None)

    def _import(
        self,
        name: str,
        scope: Mapping[str, object] | None = None,
        local: Mapping[str, object] | None = None,
        wanted: tuple[str, ...] = (),
        level: int = 0,
    ) -> object:
        if name in self._modules or self._find(name) is not None:
            return self.load(name)
        return builtins.__import__(name, scope, local, wanted, level)


@cache
def _compiled(source: str, path: str) -> types.CodeType:
    # Thousands of boards are made of the same few files, and compiling them is most of the making.
    return compile(source, path, "exec")
