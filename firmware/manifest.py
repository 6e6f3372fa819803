"""
The firmware's name and version, and the files that make it up.
"""

NAME = "crashbench"
VERSION = "0.1.0"

# The file that is the user's own once it is on a board: copied only where there is none, or on request.
OWN = "pins.py"

# What `crashbench board flash` copies, in this order: the two files that start everything come last, so that a copy cut
# short leaves a board that boots into its REPL.
FILES = (
    "manifest.py",
    "pins.py",
    "wiring.py",
    "ticks.py",
    "wire.py",
    "protocol.py",
    "edges.py",
    "outputs.py",
    "pulses.py",
    "estop.py",
    "analog.py",
    "cell.py",
    "max17048.py",
    "bq27441.py",
    "pisugar3.py",
    "ina219.py",
    "sbs.py",
    "words.py",
    "gauge.py",
    "hal.py",
    "core.py",
    "boot.py",
    "main.py",
)
