"""
The only place where specs become live devices; they are closed in reverse.
"""

from .assembly import Assembly, assembled

__all__ = ["Assembly", "assembled"]
