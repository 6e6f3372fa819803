"""
The gpiozero pin factory that a rig names: never a default, never one that falls back. gpiozero itself is imported when
one is made.
"""

from __future__ import annotations

import inspect
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from .. import plugins
from ..errors import BenchError, DeviceError, UsageError
from ..model.rig import GpioSpec, Released, RigSpec
from ._chips import LabelOf, label_of, labelled, node_of
from ._lgpio import out_of_the_way
from ._nodes import DEV
from .released import PI_LABELS, released_lines, settled

PIN_FACTORIES = "gpiozero_pin_factories"

# gpiozero's own over lgpio drives a line low before it has its level, and knows Pis only: ours stands in for it.
_INSTEAD = {"lgpio": "gpiochip"}

_PACKAGES = {
    "gpiochip": "pip install 'crashbench[pi]'",
    "rpigpio": "pip install 'crashbench[rpi-gpio]', or on a Pi 5 or from Linux 6.6 on 'crashbench[rpi-lgpio]'",
}
# Those that never come near lgpio, and those whose lines can only be a Pi's.
_PLAYED = ("lab", "sim")
_OF_A_PI = ("native", "pigpio", "rpigpio")
_ANY_BOARD = 'write `factory = "gpiochip"`, which does on any board'


def name_of(gpio: GpioSpec) -> str:
    """
    The entry point's name of the factory that is taken for the one that a rig names.
    """
    return _INSTEAD.get(gpio.factory, gpio.factory)


def told(gpio: GpioSpec) -> str:
    """
    Which factory is in use, on which chip.
    """
    name = name_of(gpio)
    stands = "" if name == gpio.factory else f" (for {gpio.factory})"
    return f"{name}{stands}" + ("" if gpio.chip is None else f" on {gpio.chip}")


def lines_of(rig: RigSpec, dev: Path = DEV, label_of: LabelOf = label_of) -> str:
    """
    Whose lines a rig drives, however its file spells that: a chip's node, where there is one. gpiozero's own factories
    know one chip, that of a Pi's header.
    """
    gpio = _gpio(rig)
    name = name_of(gpio)
    try:
        if name == "gpiochip":
            return str(node_of(gpio.chip, dev, label_of))
        if name in _OF_A_PI:
            return str(labelled(PI_LABELS, dev, label_of))
    except DeviceError:
        pass  # whoever opens it finds that out
    return name if gpio.chip is None else f"{name} {gpio.chip}"


def foreseen(rig: RigSpec, dev: Path = DEV, label_of: LabelOf = label_of) -> Released | None:
    """
    What becomes of a rig's lines when they are let go, as far as that can be told without a factory; None where it
    cannot, as on a computer that is not the bench's.
    """
    if rig.world is not None:
        return rig.world.released_lines
    if rig.gpio is None or name_of(rig.gpio) != "gpiochip":
        return None
    try:
        label = label_of(node_of(rig.gpio.chip, dev, label_of))
    except (DeviceError, OSError):
        return None
    return settled(released_lines(label), rig.gpio.released_lines)


def loaded(rig: RigSpec) -> Any:
    """
    The class of a rig's factory. Raises UsageError with file and key for one that there is not, that cannot be loaded,
    or that takes no chip when one is named.
    """
    gpio = _gpio(rig)
    name = name_of(gpio)
    try:
        if name == "rpigpio":
            _tell_revision()
        with _apart(name):
            cls = plugins.seam(PIN_FACTORIES, name)
    except UsageError as error:
        raise error.within(file=str(rig.path), key="gpio.factory") from error
    except Exception as error:  # each pin library has its own way not to like a machine
        raise _cannot_be_had(rig, error.__cause__ or error) from error
    if gpio.chip is not None and not hasattr(cls, "for_rig") and "chip" not in inspect.signature(cls).parameters:
        problem = f"the pin factory '{name}' takes no chip; leave it out, or {_ANY_BOARD}"
        raise UsageError(problem, file=str(rig.path), key="gpio.chip")
    return cls


def made(rig: RigSpec, world: Any) -> Any:
    """
    A rig's factory. Raises UsageError with file and key, BenchError when its hardware does not answer.
    """
    from gpiozero.exc import PinUnknownPi

    gpio, cls = _gpio(rig), loaded(rig)
    # Left alone, gpiozero would pick a factory by itself, and fall back from one to the next.
    os.environ["GPIOZERO_PIN_FACTORY"] = name_of(gpio)
    try:
        with _apart(name_of(gpio)):
            if hasattr(cls, "for_rig"):
                return cls.for_rig(rig, world)
            return _of_gpiozero(cls, gpio)
    except (BenchError, UsageError):
        raise
    except (ImportError, PinUnknownPi) as error:
        raise _cannot_be_had(rig, error) from error
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise BenchError(f"{rig.path}: gpio.factory: '{name_of(gpio)}' cannot be had: {error}") from error


def _of_gpiozero(cls: Any, gpio: GpioSpec) -> Any:
    from gpiozero.pins.local import LocalPiFactory

    factory = cls() if gpio.chip is None else cls(chip=gpio.chip)
    if isinstance(factory, LocalPiFactory):
        _ = factory.board_info  # else the first pin finds that this is no Pi
    return factory


def _gpio(rig: RigSpec) -> GpioSpec:
    if rig.gpio is None:
        raise UsageError("missing; a relay needs `[gpio] factory = …`", file=str(rig.path), key="gpio")
    return rig.gpio


def _apart(name: str) -> AbstractContextManager[None]:
    return nullcontext() if name in _PLAYED else out_of_the_way()


def _tell_revision() -> None:
    """
    rpi-lgpio looks for a Pi's revision in the device tree alone, gpiozero in `/proc/cpuinfo` too.
    """
    from gpiozero.exc import PinUnknownPi
    from gpiozero.pins.local import get_pi_revision

    if "RPI_LGPIO_REVISION" not in os.environ:
        try:
            os.environ["RPI_LGPIO_REVISION"] = f"{get_pi_revision():x}"
        except (OSError, PinUnknownPi):
            return  # whoever needs one says so


def _cannot_be_had(rig: RigSpec, error: BaseException) -> UsageError:
    name = name_of(_gpio(rig))
    if isinstance(error, ImportError) and error.name:
        cure = _PACKAGES.get(name, "install it")
        problem = f"the pin factory '{name}' needs the Python package '{error.name}': {cure}"
    else:
        problem = f"the pin factory '{name}' cannot be had: {error}; {_ANY_BOARD}"
    return UsageError(problem, file=str(rig.path), key="gpio.factory")
