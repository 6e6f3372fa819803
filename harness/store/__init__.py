"""
The record: one truth per run, written as it happens, and an index that can be rebuilt from it.
"""
