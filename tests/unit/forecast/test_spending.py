"""Energy and money of a run."""

from __future__ import annotations

import pytest

from loraloom.forecast.spending import spending
from loraloom.spec.forecast import Spending


def test_energy_and_money() -> None:
    """Two hours at 300 W are 0.6 kWh; at 0.40 a kilowatt hour and 1.50 an hour they cost 3.24."""
    found = spending(7200, watts=300, price_kilowatt_hour=0.4, price_hour=1.5)
    assert found is not None
    assert found.kilowatt_hours == pytest.approx(0.6)
    assert found.money == pytest.approx(0.24 + 3)


def test_what_is_not_known_is_not_said() -> None:
    """No price: no money. No watts: no energy, and a price of energy says nothing. Nothing at all: None."""
    assert spending(3600, watts=100) == Spending(kilowatt_hours=0.1, money=None)
    assert spending(3600, price_hour=2) == Spending(kilowatt_hours=None, money=2)
    assert spending(3600, price_kilowatt_hour=2) is None
    assert spending(3600) is None


def test_nothing_paid_is_not_nothing_known() -> None:
    """Free energy costs 0."""
    assert spending(3600, watts=100, price_kilowatt_hour=0) == Spending(kilowatt_hours=0.1, money=0)
