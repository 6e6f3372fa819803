"""
Finds boards among the serial ports, by USB id and serial number.
"""

from __future__ import annotations

from typing import NamedTuple

from serial.tools import list_ports

from .failures import NoBoard

# Vendor ids whose CDC ports run MicroPython: Raspberry Pi (Pico, Pico 2), Espressif (native USB), MicroPython itself.
VENDORS = (0x2E8A, 0x303A, 0xF055)


class Port(NamedTuple):
    """
    A serial port that may be a board; `serial_number` is the USB one, in the chip's case its unique id.
    """

    path: str
    vendor_id: int
    product_id: int
    serial_number: str
    product: str


def ports() -> list[Port]:
    """
    Every USB serial port of a vendor in `VENDORS`, by path.
    """
    return [port for port in usb_ports() if port.vendor_id in VENDORS]


def usb_ports() -> list[Port]:
    """
    Every USB serial port, whoever made what is behind it, by path.
    """
    return sorted(
        Port(info.device, info.vid, info.pid or 0, info.serial_number or "", info.product or "")
        for info in list_ports.comports()
        if info.vid is not None
    )


def find(*, serial_number: str | None = None, vendor_id: int | None = None, product_id: int | None = None) -> Port:
    """
    The one port that fits. Who names neither its vendor nor its serial number means a vendor in `VENDORS`.

    Raises:
        NoBoard: none fits, or several do; the message lists them.
    """
    seen = ports() if vendor_id is None and serial_number is None else usb_ports()
    fitting = [
        port
        for port in seen
        if (serial_number is None or port.serial_number == serial_number)
        and (vendor_id is None or port.vendor_id == vendor_id)
        and (product_id is None or port.product_id == product_id)
    ]
    if len(fitting) == 1:
        return fitting[0]
    told = fitting or (ports() if vendor_id is None else seen)
    listed = ", ".join(f"{port.path} (serial number {port.serial_number})" for port in told) or "none"
    if fitting:
        raise NoBoard(f"several boards fit: {listed}; name one by its serial number")
    raise NoBoard(f"no board fits; boards on USB: {listed}")
