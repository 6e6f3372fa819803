"""
Trial, drill, guard and undo journal: everything that decides, and nothing that knows a device.
"""
