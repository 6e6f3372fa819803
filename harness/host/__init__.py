"""
The bench over HTTP. It knows no hardware: a run is the same supervisor's as on the command line.
"""
