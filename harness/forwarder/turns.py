"""
Whose turn it is to speak on a connection: where an answer begins.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Speaks = Literal["", "postgresql"]

# ReadyForQuery: its type, its length, and the state of the transaction (PostgreSQL: Message Formats).
_READY = tuple(b"Z\x00\x00\x00\x05" + state for state in (b"I", b"T", b"E"))
_READY_BYTES = 6

# What a server says to somebody who asked for TLS or for GSSAPI, and gets it: nobody else understands what follows.
_ENCRYPTED = (b"S", b"G")


class Heard(NamedTuple):
    """
    What a piece is: whether an answer begins with it, and whether that may meet a fate.
    """

    is_answer: bool
    is_struck: bool


class Turns:
    """
    Of bytes that nobody understands an answer is whatever comes first after something went the other way. A connection
    that is new met a fate at its start, and meets the next one at its second answer: who asks once over each is struck
    as often as it was asked for.
    """

    def __init__(self, *, is_new: bool) -> None:
        self._is_turn, self._is_spared = True, is_new

    def turn(self) -> None:
        """
        Something went the other way.
        """
        self._is_turn = True

    def heard(self, data: bytes) -> Heard:
        """
        What the next piece is.
        """
        is_answer, self._is_turn = self._is_turn, False
        is_struck = is_answer and not self._is_spared
        self._is_spared = self._is_spared and not is_answer
        return Heard(is_answer, is_struck)


class PostgresTurns(Turns):
    """
    A PostgreSQL server's side: an answer goes from the first piece after a client's message to ReadyForQuery, however
    often the two take turns in it. Until the first of those a connection that is new is still being made, which is no
    answer: it met its fate at its start.
    """

    def __init__(self, *, is_new: bool) -> None:
        super().__init__(is_new=False)
        self._is_being_made, self._is_answering = is_new, False
        self._is_clear_text = True
        self._end = b""

    def heard(self, data: bytes) -> Heard:
        """
        What the next piece is.
        """
        heard = super().heard(data)
        if self._is_being_made and not self._end and data in _ENCRYPTED:
            self._is_clear_text = False
        if not self._is_clear_text:
            return heard
        is_answer = heard.is_answer and not self._is_answering and not self._is_being_made
        self._end = (self._end + data[-_READY_BYTES:])[-_READY_BYTES:]
        if self._end in _READY:
            self._is_answering = self._is_being_made = False
        elif is_answer:
            self._is_answering = True
        return Heard(is_answer, is_answer)


def turns(speaks: Speaks, *, is_new: bool) -> Turns:
    """
    The turns of a connection whose far end speaks so; the empty word is for anything.
    """
    return PostgresTurns(is_new=is_new) if speaks == "postgresql" else Turns(is_new=is_new)
