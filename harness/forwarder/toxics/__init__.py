"""
What a forwarder does to what it carries, one thing in each file.
"""
