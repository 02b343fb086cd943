"""`knob`: a config field with a default, a unit and the one sentence that says what it trades."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Group(BaseModel):
    """A group of config fields: frozen, and a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, protected_namespaces=())


def knob(default: Any, text: str, unit: str = "", **limits: Any) -> Any:
    """Declare a field of a `Group`: `text` is shown in the form, the help and the reference; `unit` beside the value.

    `limits` are pydantic's (`ge`, `le`, `gt`, `lt`, `min_length`, ...). A default of `...` makes the field required.
    """
    return Field(default, description=text, json_schema_extra={"unit": unit} if unit else None, **limits)
