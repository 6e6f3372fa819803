"""
Finding the one board among the ports.
"""

from __future__ import annotations

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from harness.board import discover
from harness.board.failures import NoBoard


def port(path: str, vendor_id: int | None, serial_number: str | None) -> ListPortInfo:
    info = ListPortInfo(path)
    info.vid, info.pid, info.serial_number, info.product = vendor_id, 0x0005, serial_number, "Board in FS mode"
    return info


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[ListPortInfo]:
    infos = [port("/dev/ttyS0", None, None), port("/dev/ttyUSB0", 0x0403, "A1"), port("/dev/ttyACM0", 0x2E8A, "e661")]
    monkeypatch.setattr(list_ports, "comports", lambda: infos)
    return infos


def test_the_only_board(plugged: list[ListPortInfo]) -> None:
    assert discover.find() == discover.Port("/dev/ttyACM0", 0x2E8A, 0x0005, "e661", "Board in FS mode")
    assert discover.find(vendor_id=0x2E8A, product_id=0x0005).serial_number == "e661"


def test_one_of_several_by_serial_number(plugged: list[ListPortInfo]) -> None:
    plugged.append(port("/dev/ttyACM1", 0x303A, "f412"))
    with pytest.raises(NoBoard, match=r"several boards fit: /dev/ttyACM0 \(serial number e661\), /dev/ttyACM1"):
        discover.find()
    assert discover.find(serial_number="f412").path == "/dev/ttyACM1"


def test_none_lists_what_is_there(plugged: list[ListPortInfo]) -> None:
    with pytest.raises(NoBoard, match=r"no board fits; boards on USB: /dev/ttyACM0 \(serial number e661\)"):
        discover.find(serial_number="gone")
    plugged.clear()
    with pytest.raises(NoBoard, match="boards on USB: none"):
        discover.find()


def test_a_rigs_own_vendor_counts_whether_we_know_it_or_not(plugged: list[ListPortInfo]) -> None:
    assert discover.find(vendor_id=0x0403).path == "/dev/ttyUSB0"
    assert discover.find(serial_number="A1").path == "/dev/ttyUSB0"
    with pytest.raises(NoBoard, match=r"boards on USB: .*/dev/ttyUSB0"):
        discover.find(vendor_id=0x0403, product_id=1)
