"""
The kernel's own network: interfaces, what delays and drops their packets, and namespaces. Blocking calls, for a thread.
"""
