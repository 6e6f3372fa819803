"""
The board: the wire to the MicroPython firmware, its clock on the bench clock, and the virtual board of CI.

Nothing here knows the rest of the package. Importing it imports no hardware library; `link`, `discover` and `repl` need
pyserial, and `repl` mpremote.
"""
