"""
Two processes: the supervisor starts, watches and outlives the bench process, which alone owns the hardware.
"""
