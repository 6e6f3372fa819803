"""
One file per real part, driven through whatever the rig's wiring reaches it by.
"""
