"""
Frozen data, standard library only: what a bench knows, before any device is opened.
"""
