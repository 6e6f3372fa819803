"""
crashbench: physically break edge devices, and record with error bars how they recover.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("crashbench")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+checkout"

__all__ = ["__version__"]
