"""
The bench's own relay for TCP and UDP: fast while it lets everything through, and exact in what it does not.
"""
