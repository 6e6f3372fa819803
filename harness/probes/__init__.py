"""
Ways to tell whether a DUT is well: one file per question.
"""
