"""
What carries requests to a board and its answers back: a serial port, or firmware that runs in this process.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Reply(NamedTuple):
    """
    An answer: its payload, and when the request was written and the answer read (ns on CLOCK_MONOTONIC).
    """

    payload: bytes
    sent_ns: int
    received_ns: int


class Message(NamedTuple):
    """
    An unsolicited event and when it was read. `missed` counts the events lost just before it, by the board's counter
    (which is a byte, so 256 at once go unseen) or because nobody took them from here.
    """

    op: int
    payload: bytes
    received_ns: int
    missed: int


class Channel(Protocol):
    """
    Carries requests to one board and its answers back.
    """

    def request(self, name: str, payload: bytes = b"", *, timeout_s: float = 1.0, is_hello: bool = False) -> Reply:
        """
        Asks for one operation of the protocol and returns its answer.
        """
        ...

    def event(self, timeout_s: float) -> Message | None:
        """
        The oldest unsolicited event, or None if there is none in time.
        """
        ...

    def flush(self) -> None:
        """
        Ends whatever false frame the board may be in.
        """
        ...

    def trust(self, boot_id: int) -> None:
        """
        From now on the board is the one that started as `boot_id`.
        """
        ...

    def saw_boot(self, boot_id: int) -> None:
        """
        Compares a boot id that the board sent with the trusted one, and raises `BoardRebooted` if they differ.
        """
        ...
