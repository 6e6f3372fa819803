"""
How a rig reaches its hardware: gpiozero pin factories and smbus2-shaped buses.
"""
