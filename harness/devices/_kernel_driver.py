"""
A chip that a driver of the kernel's own holds: whoever asks for its address is told that it is busy.
"""

from __future__ import annotations

from pathlib import Path

_DEVICES = Path("/sys/bus/i2c/devices")


def claimed(bus: int, address: int, devices: Path = _DEVICES) -> str:
    """
    Which driver holds a chip, and how it is made to let go. Linux names a chip by its bus and address (`1-0040`).
    """
    device = devices / f"{bus}-{address:04x}"
    driver = device / "driver"
    name = driver.resolve().name if driver.exists() else "its name is not known"
    return (
        f"address {address:#04x} of I2C bus {bus} is claimed by a kernel driver ({name}); "
        f"unbind it: `echo {device.name} | sudo tee {driver}/unbind`"
    )
