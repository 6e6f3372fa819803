"""
What can go wrong between the host and its board.

    BoardError
      NoBoard             no port, or more than one, fits the description
      BoardLost           the port is gone, or someone else holds it
      BoardSilent         a request was not answered within its deadline
      BoardRebooted       the board is not the one that said hello: it restarted
      FirmwareMismatch    host and firmware speak different protocols
      RequestRefused      the board answered, and said no
      ClockUnknown        a tick cannot be brought onto the bench clock
      ClockContradicted   the board's clock and the bench's cannot both be right
"""

from __future__ import annotations


class BoardError(Exception):
    """
    Anything that keeps the board from doing, or the host from knowing, what was asked.
    """


class NoBoard(BoardError):
    """
    No port, or more than one, fits the description.
    """


class BoardLost(BoardError):
    """
    The port is gone, or someone else holds it.
    """


class BoardSilent(BoardError):
    """
    A request was not answered within its deadline; whether it was carried out is unknown.
    """


class BoardRebooted(BoardError):
    """
    The board restarted since its hello: outputs are at their safe levels, settings are gone, its clock began anew.
    """


class FirmwareMismatch(BoardError):
    """
    Host and firmware speak different protocols; the message ends in the command that fixes it.
    """


class RequestRefused(BoardError):
    """
    The board answered, and said no.
    """

    def __init__(self, op: str, code: int, reason: str) -> None:
        self.op, self.code, self.reason = op, code, reason
        super().__init__(f"{op}: {reason}")


class ClockUnknown(BoardError):
    """
    A tick cannot be brought onto the bench clock: no exchange with that start of the board was seen.
    """


class ClockContradicted(BoardError):
    """
    The board's clock and the bench's cannot both be right: one of them jumped, or ran faster than it may.
    """
