"""
Every name that a rig may have for one board, so that all who want it meet at the same locks.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from ..board.discover import find, usb_ports
from ..board.failures import NoBoard
from ..devices.board import Board

# Where udev keeps further names of a serial port.
_LINKS = ("/dev", "/dev/serial/by-id", "/dev/serial/by-path")


def names_of_port(path: str) -> list[str]:
    """
    The resources of any board that is given as this port, under whatever name, or by what USB says of it.
    """
    real = os.path.realpath(path)
    links = (str(link) for folder in _LINKS for link in Path(folder).glob("*") if os.path.realpath(link) == real)
    configs = [Board.Config(port=alias) for alias in (path, real, *links)]
    for port in usb_ports():
        if os.path.realpath(port.path) == real:
            told = (port.serial_number, ""), (port.vendor_id, None), (port.product_id, None)
            for number, vendor, product in itertools.product(*told):
                configs.append(Board.Config(serial_number=number, vendor=vendor, product=product))
    return sorted({resource for config in configs for resource in config.resources()})


def names_of(config: object) -> list[str]:
    """
    The same for the config of a rig's board; its own name alone while that is not plugged in.
    """
    assert isinstance(config, Board.Config)
    path = config.port
    if not path:
        try:
            path = find(
                serial_number=config.serial_number or None, vendor_id=config.vendor, product_id=config.product
            ).path
        except NoBoard:
            return list(config.resources())
    return sorted({*config.resources(), *names_of_port(path)})
