"""
Frames: `A5 | len | seq | op | payload | crc32`, little-endian; `len` counts seq, op and payload, the crc covers len to
payload. No native or viper code: CI's interpreter refuses those decorators.
"""

import struct
from binascii import crc32

SYNC = b"\xa5"
PAYLOAD_MAX = 248
_LEN_MAX = PAYLOAD_MAX + 2


def frame(seq, op, payload=b""):
    """
    The bytes of one frame; `seq` and `op` are bytes, `payload` is at most `PAYLOAD_MAX` long.
    """
    body = bytes((len(payload) + 2, seq, op)) + payload
    return b"".join((SYNC, body, struct.pack("<I", crc32(body))))


class Decoder:
    """
    Finds frames in a stream of bytes. A bad frame costs one byte: the next sync byte inside it is tried as well.
    """

    def __init__(self):
        self._rx = bytearray()
        self.bad = 0

    @property
    def is_between_frames(self):
        """
        Whether the next byte can only be the start of a frame.
        """
        return not self._rx

    def feed(self, chunk, sink):
        """
        Takes bytes and calls `sink(seq, op, payload)` for every good frame in them.
        """
        rx = self._rx
        rx.extend(chunk)
        end = len(rx)
        at = 0
        while True:
            at = rx.find(SYNC, at)
            if at < 0:
                at = end
                break
            if end - at < 2:
                break
            size = rx[at + 1]
            if size < 2 or size > _LEN_MAX:
                self.bad += 1
                at += 1
                continue
            tail = at + 2 + size
            if end < tail + 4:
                break
            if crc32(memoryview(rx)[at + 1 : tail]) != struct.unpack_from("<I", rx, tail)[0]:
                self.bad += 1
                at += 1
                continue
            sink(rx[at + 2], rx[at + 3], bytes(memoryview(rx)[at + 4 : tail]))
            at = tail + 4
        self._rx = rx[at:] if at < end else bytearray()
