"""
Analog: a battery voltage made by PWM and an RC filter, and rails read back by the ADC, both through calibration points.
"""

from protocol import Refused


class Scale:
    """
    Straight lines between calibration points (raw, mV), rising in both.
    """

    def __init__(self, points):
        self.load(points)

    def load(self, points):
        """
        Takes new points; needs at least two.
        """
        points = sorted(points)
        if len(points) < 2:
            raise ValueError("needs at least two points")
        for (raw, mv), (raw_next, mv_next) in zip(points, points[1:]):
            if raw_next <= raw or mv_next <= mv:
                raise ValueError("points must rise in raw and in mV")
        self._points = points

    def mv(self, raw):
        """
        Millivolts for a raw value; beyond the outer points their lines go on, down to 0.
        """
        return max(0, min(65535, self._along(raw, 0, 1)))

    def raw(self, mv):
        """
        The raw value for millivolts; refuses what the points do not span.
        """
        low, high = self._points[0][1], self._points[-1][1]
        if not low <= mv <= high:
            raise Refused("calibrated from %d to %d mV" % (low, high))
        return self._along(mv, 1, 0)

    def nearest(self, mv):
        """
        The raw value for millivolts, or for what the points span of them.
        """
        return self._along(max(self._points[0][1], min(self._points[-1][1], mv)), 1, 0)

    def _along(self, value, axis, other):
        points = self._points
        i = 1
        while i < len(points) - 1 and value > points[i][axis]:
            i += 1
        a, b = points[i - 1], points[i]
        span = b[axis] - a[axis]
        return a[other] + ((value - a[axis]) * (b[other] - a[other]) * 2 + span) // (2 * span)


class AnalogOut:
    """
    A voltage by PWM; needs the RC filter of the wiring table. Uncalibrated it assumes 3.3 V at full duty. It starts at
    its declared safe voltage, or at what of its calibration comes nearest to that.
    """

    def __init__(self, hal, gpio, safe_mv):
        self._scale = Scale(((0, 0), (65535, 3300)))
        self._safe_mv = safe_mv
        self._safe_duty = self._scale.nearest(safe_mv)
        self._pwm = hal.pwm(gpio, self._safe_duty)

    def calibrate(self, points):
        """
        Takes new calibration points; the output stays as it is.
        """
        self._scale.load(points)
        self._safe_duty = self._scale.nearest(self._safe_mv)

    def write(self, mv):
        """
        Makes the voltage and returns its duty.
        """
        duty = self._scale.raw(mv)
        self._pwm.duty_u16(duty)
        return duty

    def make_safe(self):
        """
        Back to the declared safe voltage. Safe in a hard interrupt.
        """
        self._pwm.duty_u16(self._safe_duty)


class AnalogIn:
    """
    A rail through its divider. Uncalibrated it assumes 3.3 V at full scale.
    """

    def __init__(self, hal, gpio):
        self.scale = Scale(((0, 0), (65535, 3300)))
        self._adc = hal.adc(gpio)

    def read(self, samples):
        """
        Mean, least and greatest raw value of 1 to 1000 samples, and the mean in mV.
        """
        if not 1 <= samples <= 1000:
            raise ValueError("samples must be 1 to 1000")
        total = 0
        low = 65535
        high = 0
        for _ in range(samples):
            raw = self._adc.read_u16()
            total += raw
            low = min(low, raw)
            high = max(high, raw)
        mean = (total + samples // 2) // samples
        return mean, low, high, self.scale.mv(mean)
