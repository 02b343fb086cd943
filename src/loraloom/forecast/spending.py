"""What a run spends: energy, and money for it or for the hours of its device."""

from __future__ import annotations

from loraloom.spec.forecast import Forecast, Spending

JOULES = 3.6e6
"""In a kilowatt hour."""


def spending(
    seconds: float,
    watts: float | None = None,
    price_kilowatt_hour: float | None = None,
    price_hour: float | None = None,
) -> Spending | None:
    """Energy of `seconds` at `watts`, and money at the prices given; what is not known is None, and nothing known at all is
    None. A price per hour is that of a rented device; where its energy is paid besides, both add up."""
    energy = None if watts is None else seconds * watts / JOULES
    for_energy = None if energy is None or price_kilowatt_hour is None else energy * price_kilowatt_hour
    for_hours = None if price_hour is None else seconds / 3600 * price_hour
    if energy is None and for_hours is None:
        return None
    known = [part for part in (for_energy, for_hours) if part is not None]
    return Spending(kilowatt_hours=energy, money=sum(known) if known else None)


def with_spending(
    found: Forecast, watts: float | None, price_kilowatt_hour: float | None, price_hour: float | None
) -> Forecast:
    """`found` with what the middle of its time spends."""
    return found.model_copy(update={"spending": spending(found.seconds.p50, watts, price_kilowatt_hour, price_hour)})
