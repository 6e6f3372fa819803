"""
The simulated world: rails, contacts, chips and units, by their physics. It keeps virtual and real time alike.
"""
