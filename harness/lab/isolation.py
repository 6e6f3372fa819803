"""
Homes that are network namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from ..netlink.interface import Interface
from ..netlink.namespaces import Namespace, become_root_of_a_user_namespace
from .home import IsolatedHome


@contextmanager
def isolated_homes(units: Iterable[str]) -> Iterator[Mapping[str, IsolatedHome]]:
    """
    A namespace for each unit, with a loopback that is up; gone at the end. Must be entered before there is any other
    thread. Raises BenchError.
    """
    become_root_of_a_user_namespace()
    homes: dict[str, IsolatedHome] = {}
    with ExitStack() as stack:
        for unit in units:
            namespace = stack.enter_context(closing(Namespace(unit)))
            namespace.call(partial(Interface("lo").set_up, True))
            homes[unit] = IsolatedHome(namespace)
        yield homes
