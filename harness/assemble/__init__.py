"""
The only place where specs become live devices; they are closed in reverse.
"""

from .assembly import Assembly
from .opening import Opening, assembled

__all__ = ["Assembly", "Opening", "assembled"]
