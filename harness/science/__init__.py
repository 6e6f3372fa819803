"""
Pure reckoning: crossings from readings, bounds from counts, verdicts from intervals.
"""
