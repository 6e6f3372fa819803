"""
A Linux I2C bus, `/dev/i2c-N`, through smbus2.
"""

from __future__ import annotations

from fcntl import ioctl
from pathlib import Path
from typing import Any

from smbus2 import SMBus
from smbus2.smbus2 import I2C_SMBUS, I2C_SMBUS_READ, I2C_SMBUS_WORD_DATA, i2c_smbus_ioctl_data

from ..errors import DeviceError, UsageError
from ..model.rig import RigSpec
from ._nodes import DEV, missing

_CURE = "no I2C bus is there at all: enable I2C (on a Pi: `dtparam=i2c_arm=on`) and load the module i2c-dev"


class LinuxI2C(SMBus):
    """
    A bus by its number: smbus2's own, but that what a word is read with is made once for each register, and kept. For
    one thread at a time.

    Raises DeviceError when there is no such bus, naming the nearest that is there, or when it cannot be opened.
    """

    def __init__(self, number: int, dev: Path = DEV) -> None:
        self.number = number
        self._words: dict[int, tuple[Any, Any]] = {}
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

    def read_word_data(self, i2c_addr: int, register: int, force: bool | None = None) -> int:
        """
        Reads a word, in SMBus order. Raises OSError.
        """
        if force or i2c_addr != self.address or self._force_last:  # type: ignore[attr-defined]  # else it is set
            self._set_address(i2c_addr, force=force)  # type: ignore[attr-defined]
        try:
            message, content = self._words[register]
        except KeyError:
            message, content = self._word(register)
        ioctl(self.fd, I2C_SMBUS, message)  # type: ignore[arg-type]
        word: int = content.word
        return word

    def _word(self, register: int) -> tuple[Any, Any]:
        """
        The message that reads a register, and what it is read into.
        """
        message = i2c_smbus_ioctl_data.create(I2C_SMBUS_READ, register, I2C_SMBUS_WORD_DATA)
        self._words[register] = message, message.data.contents
        return self._words[register]

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
