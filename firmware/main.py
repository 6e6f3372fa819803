"""
Binds the core to a board: the USB port in, the USB port out, one loop.
"""

import micropython
import select
import sys

import hal
from core import WATCHDOG_MS, Core
from wire import SYNC


def prepare(name, value):
    """
    Calls what a port may have, or have been built without.
    """
    call = getattr(micropython, name, None)
    if call is not None:
        call(value)


def run():
    """
    Serves the host until the board is reset, or the port ends, as the standard input of a process may.
    """
    board = hal.HAL()
    # `.buffer`: the text layer would turn CR into LF. 3 is a byte like any other, not Ctrl-C.
    port = sys.stdin.buffer
    prepare("kbd_intr", -1)
    # An exception in an interrupt has nowhere else to leave its words.
    prepare("alloc_emergency_exception_buf", 100)
    core = Core(board, sys.stdout.buffer.write)
    board.start_watchdog(WATCHDOG_MS)
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    while True:
        if poll.poll(5):
            # `read(n)` waits for all n bytes: one byte, a look at it, and only then the rest of a frame.
            chunk = port.read(1)
            if not chunk:
                core.make_safe()
                return
            if chunk == SYNC and core.is_between_frames:
                size = port.read(1)
                chunk += size
                if size and 2 <= size[0] <= 250:
                    chunk += port.read(size[0] + 4)
            core.feed(chunk)
        core.tick(board.ticks_us())


if not hal.takes_repl_mark():
    run()
