"""
Network namespaces without a name: they end with the last who is in them, so that nobody can leave one behind.
"""

from __future__ import annotations

import ctypes
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..errors import BenchError

T = TypeVar("T")

# linux/sched.h
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

_HERE = "/proc/thread-self/ns/net"


def _called(name: str, *arguments: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def inside(netns: str) -> Iterator[None]:
    """
    The calling thread in another network namespace (a path, or a name of `ip netns`); an empty one is its own. What it
    opens there stays there. Raises BenchError.
    """
    if not netns:
        yield
        return
    path = netns if "/" in netns else f"/run/netns/{netns}"
    try:
        with open(_HERE, "rb") as home, open(path, "rb") as there:
            _called("setns", there.fileno(), _CLONE_NEWNET)
            try:
                yield
            finally:
                _called("setns", home.fileno(), _CLONE_NEWNET)
    except FileNotFoundError as error:
        raise BenchError(f"there is no network namespace {path}") from error
    except PermissionError as error:
        raise BenchError(f"the network namespace {path} cannot be entered: it takes root (CAP_SYS_ADMIN)") from error


def may_make() -> str:
    """
    Why no namespace can be made here; empty where one can. Asks a process of its own, and leaves nothing.
    """
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() != 0:
                _called("unshare", _CLONE_NEWUSER)
            _called("unshare", _CLONE_NEWNET)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 0:
        return ""
    return f"this machine lets us make no network namespace ({os.strerror(code)}): be root, or allow user namespaces"


def become_root_of_a_user_namespace() -> None:
    """
    Without root, makes this process root in a user namespace of its own, where it may make network namespaces; the
    files and the network of the machine stay as they are for it. Must be called before there is any other thread.
    Raises BenchError.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return
    try:
        _called("unshare", _CLONE_NEWUSER)
        # user_namespaces(7): groups can be mapped only by who has given up changing them.
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", "ascii")
    except OSError as error:
        raise BenchError(f"no user namespace can be made ({error.strerror}): be root, or allow them") from error


class Namespace:
    """
    A network namespace of our own, and a thread that lives in it. It is gone when it is closed, or this process ends,
    and every program in it has ended.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: queue.SimpleQueue[tuple[Callable[[], object], Future[object]] | None] = queue.SimpleQueue()
        self._born: Future[int] = Future()
        self._thread = threading.Thread(target=self._live, name=f"namespace {name}", daemon=True)
        self._thread.start()
        try:
            self.number = self._born.result()
            """A descriptor that stands for it, for `setns`."""
        except OSError as error:
            raise BenchError(f"no network namespace can be made for '{name}': {error.strerror}") from error

    def call(self, job: Callable[[], T]) -> T:
        """
        What `job()` returns or raises, called inside. Blocks for as long as that takes.
        """
        future: Future[object] = Future()
        self._jobs.put((job, future))
        return future.result()  # type: ignore[return-value]

    def close(self) -> None:
        """
        Leaves it.
        """
        self._jobs.put(None)
        self._thread.join()
        os.close(self.number)

    def _live(self) -> None:
        try:
            _called("unshare", _CLONE_NEWNET)
            self._born.set_result(os.open(_HERE, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            self._born.set_exception(error)
            return
        while (asked := self._jobs.get()) is not None:
            job, future = asked
            try:
                future.set_result(job())
            except BaseException as error:  # whoever asked gets it
                future.set_exception(error)
