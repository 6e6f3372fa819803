"""
The bench looks at itself: what its switches, meters and host really are, measured.
"""
