"""Drafts of examples that an endpoint writes about a person's own document, kept as they come."""

from __future__ import annotations

from loraloom.server.context import Context
from loraloom.spec.example import Example
from loraloom.store import examples
from loraloom.store.changes import LOCK
from loraloom.store.datasets import get_dataset


def write(context: Context, dataset_id: str, text: str, url: str, model: str, key: str, pairs: int) -> int:
    """Keep every pair that the endpoint writes as a draft by it; how many are new. What came before an error stays.

    Raises LoomError `extra_missing`, `endpoint_unreachable`, `endpoint_refused`, `dataset_not_found` when the data set was
    deleted meanwhile.
    """
    from loraloom.data.examples.drafting import Endpoint, draft

    came = draft([text], Endpoint(url=url, model=model, key=key), pairs)
    return sum(_keep(context, dataset_id, example, f"engine:{model}"[:200]) for example in came)


def _keep(context: Context, dataset_id: str, example: Example, author: str) -> int:
    with LOCK, context.database.session() as session:
        get_dataset(session, dataset_id)
        return examples.add(session, dataset_id, [example], author, reviewed=False)[0]
