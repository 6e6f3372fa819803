"""
Binds the core to a board: the USB port in, the USB port out, one loop.
"""

import micropython
import select
import sys

import hal
from core import WATCHDOG_MS, Core
from wire import SYNC


def run():
    """
    Serves the host until the board is reset.
    """
    board = hal.HAL()
    # `.buffer`: the text layer would turn CR into LF. 3 is a byte like any other, not Ctrl-C.
    port = sys.stdin.buffer
    micropython.kbd_intr(-1)
    # An exception in an interrupt has nowhere else to leave its words.
    micropython.alloc_emergency_exception_buf(100)
    core = Core(board, sys.stdout.buffer.write)
    board.start_watchdog(WATCHDOG_MS)
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    while True:
        if poll.poll(5):
            # `read(n)` waits for all n bytes: one byte, a look at it, and only then the rest of a frame.
            chunk = port.read(1)
            if chunk == SYNC and core.is_between_frames:
                size = port.read(1)
                chunk += size
                if 2 <= size[0] <= 250:
                    chunk += port.read(size[0] + 4)
            core.feed(chunk)
        core.tick(board.ticks_us())


if not hal.takes_repl_mark():
    run()
