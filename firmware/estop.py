"""
The emergency stop: an input that trips the outputs by interrupt, and by the dead-man's timer should the edge be missed.
"""

import outputs as _outputs


class EStop:
    """
    One normally-closed contact; open means stop.
    """

    def __init__(self, hal, gpio, stops_at, outputs):
        self._ticks_us = hal.ticks_us
        self._stops_at = stops_at
        self._outputs = outputs
        self._pin = hal.input(gpio, True)
        self._was = self.stops()
        self.changed_at = hal.ticks_us()
        self.is_news = self._was
        hal.on_edge(self._pin, self.look)

    def stops(self):
        """
        Whether it stops now.
        """
        return self._pin.value() == self._stops_at

    def look(self, _source=None):
        """
        Trips the outputs if it stops. Hard interrupt and hard timer.
        """
        now = self.stops()
        if now != self._was:
            self._was = now
            self.changed_at = self._ticks_us()
            self.is_news = True
        if now and self._outputs.state == _outputs.ARMED:
            self._outputs.trip(_outputs.ESTOP)
