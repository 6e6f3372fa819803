"""
What k failures in n say about the rate: exact (Clopper-Pearson) bounds for claims, Wilson's interval for display.

Clopper-Pearson bounds are quantiles of the beta distribution, found here by bisection on its distribution function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

# Lentz's method (Press et al., Numerical Recipes, 3rd ed., 6.4): it needs on the order of sqrt(max(a, b)) rounds.
_EPSILON = 1e-15
_TINY = 1e-300
_ROUNDS = 100_000


def upper_bound(failures: int, n: int, confidence: float = 0.95) -> float:
    """
    The largest failure rate that `failures` in `n` leave room for, one-sided, at that confidence.

    >>> round(upper_bound(0, 59), 4)
    0.0495

    Raises ValueError for counts that cannot be, or a confidence outside (0, 1).
    """
    _check(failures, n, confidence)
    if failures == n:
        return 1.0
    if failures == 0:
        return -math.expm1(math.log1p(-confidence) / n)
    return _bisect(lambda p: beta_cdf(failures + 1, n - failures, p) >= confidence)


def lower_bound(failures: int, n: int, confidence: float = 0.95) -> float:
    """
    The smallest failure rate that `failures` in `n` leave room for, one-sided, at that confidence.

    >>> lower_bound(0, 59)
    0.0

    Raises ValueError for counts that cannot be, or a confidence outside (0, 1).
    """
    _check(failures, n, confidence)
    if failures == 0:
        return 0.0
    if failures == n:
        return math.exp(math.log1p(-confidence) / n)
    return _bisect(lambda p: beta_cdf(failures, n - failures + 1, p) >= 1 - confidence)


def interval(failures: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """
    The exact two-sided interval of the failure rate: each end leaves out half of what the confidence leaves open.

    Raises ValueError for counts that cannot be, or a confidence outside (0, 1).
    """
    one_sided = (1 + confidence) / 2
    return lower_bound(failures, n, one_sided), upper_bound(failures, n, one_sided)


def wilson(failures: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval: narrower than the exact one, right on average, so fit for a chart and not for a claim.

    Raises ValueError for counts that cannot be, or a confidence outside (0, 1).
    """
    _check(failures, n, confidence)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = failures / n
    middle = rate + z * z / (2 * n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    size = 1 + z * z / n
    # At the ends the formula is exact on paper and off by a rounding here.
    low = 0.0 if failures == 0 else (middle - half) / size
    high = 1.0 if failures == n else (middle + half) / size
    return low, high


def beta_cdf(a: float, b: float, x: float) -> float:
    """
    The regularised incomplete beta function: the chance that a Beta(a, b) variable is at most `x`.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # The fraction converges fast on one side of the mean; the other side is its mirror image.
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _ROUNDS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + numerator * d)
            c = _away_from_zero(1 + numerator / c)
            result *= c * d
        if abs(c * d - 1) <= _EPSILON:
            return result
    raise ArithmeticError(f"the beta fraction did not converge for a={a}, b={b}, x={x}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _bisect(is_reached: Callable[[float], bool]) -> float:
    """
    The smallest float in (0, 1) at which a rising condition is met.
    """
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if is_reached(middle):
            high = middle
        else:
            low = middle
    return high


def _check(failures: int, n: int, confidence: float) -> None:
    if not 0 <= failures <= n:
        raise ValueError(f"{failures} failures in {n} cannot be")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
