"""
The lab: a process of its own that plays a rig's physical world in real time, and so outlives a killed bench.
"""

from .place import address

__all__ = ["address"]
