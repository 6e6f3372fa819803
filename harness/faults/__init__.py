"""
What can be done to a DUT: one file per fault, each undone on leaving.
"""
