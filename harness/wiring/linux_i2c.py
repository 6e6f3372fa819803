"""
A Linux I2C bus, `/dev/i2c-N`, through smbus2.
"""

from __future__ import annotations

from pathlib import Path

from smbus2 import SMBus

from ..errors import DeviceError, UsageError
from ..model.rig import RigSpec
from ._nodes import DEV, missing

_CURE = "no I2C bus is there at all: enable I2C (on a Pi: `dtparam=i2c_arm=on`) and load the module i2c-dev"


class LinuxI2C(SMBus):
    """
    A bus by its number.

    Raises DeviceError when there is no such bus, naming the nearest that is there, or when it cannot be opened.
    """

    def __init__(self, number: int, dev: Path = DEV) -> None:
        self.number = number
        path = dev / f"i2c-{number}"
        try:
            super().__init__(str(path))
        except FileNotFoundError as error:
            raise DeviceError(f"I2C bus {number}", missing(path, "i2c-", _CURE)) from error
        except PermissionError as error:
            problem = f"{path} may not be opened; add this user to the group that owns it (often `i2c`)"
            raise DeviceError(f"I2C bus {number}", problem) from error
        except OSError as error:
            raise DeviceError(f"I2C bus {number}", f"{path} is no usable I2C bus: {error.strerror}") from error

    @classmethod
    def for_rig(cls, rig: RigSpec, world: object, number: int) -> LinuxI2C:
        """
        A bus of this machine. Raises DeviceError.
        """
        return cls(number)

    @classmethod
    def check_rig(cls, rig: RigSpec, dev: Path = DEV) -> None:
        """
        Looks whether the buses that a rig's devices name are there; opens none.

        Raises UsageError with file and key.
        """
        for name, device in rig.devices.items():
            number = getattr(device.config, "bus", None)
            path = dev / f"i2c-{number}"
            if isinstance(number, int) and not path.exists():
                raise UsageError(missing(path, "i2c-", _CURE), file=str(rig.path), key=f"devices.{name}.bus")
