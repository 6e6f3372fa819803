"""
What is wired where: the one file to edit for other wiring.
"""

import sys

if sys.platform == "esp32":
    # An ESP32-S3 with native USB; the classic ESP32 has no I2CTarget, hence no gauge.
    OUTPUTS = ((4, 0), (5, 0), (6, 0), (7, 0))
    INPUTS = (8, 9, 10, 11)
    ESTOP = 12
    GAUGE = (0, 13, 14)
    ANALOG_OUT = (15, 16)
    ANALOG_IN = (1, 2)
else:
    # A Pico or a Pico 2. Each output is (GPIO, safe level).
    OUTPUTS = ((2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0))
    INPUTS = (10, 11, 12, 13)
    ESTOP = 14
    # I2C peripheral, SDA, SCL
    GAUGE = (0, 16, 17)
    ANALOG_OUT = (18, 20)
    ANALOG_IN = (26, 27)

# What each analog output makes while no host holds it, in mV: a full lithium cell behind a divider of one half. 0 would
# be an empty battery.
ANALOG_SAFE_MV = (2100, 2100)

# The e-stop is a normally-closed contact to ground under a pull-up: pressed, unplugged or torn off, it reads this.
ESTOP_STOPS_AT = 1
