"""
Puts every output to its safe level before anything else runs.
"""

from machine import Pin

import pins

for _gpio, _level in pins.OUTPUTS:
    Pin(_gpio, Pin.OUT, value=_level)
