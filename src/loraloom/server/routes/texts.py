"""What is done with a data set of texts as a whole: import, check, preview, drafts of an endpoint, export."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from loraloom.data.intake import clean
from loraloom.data.names import safe_stem
from loraloom.server import drafts, taking
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.reply import attachment
from loraloom.server.routes.datasets import DatasetId
from loraloom.server.routes.examples import ExampleContent
from loraloom.server.taking import Taken
from loraloom.spec.example import TextCheck, TextPreview

router = APIRouter(tags=["examples"], responses=described("request_invalid", "dataset_not_found", "dataset_kind"))
TrainOn = Literal["answers", "everything"]
Base = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=2000)]
"""Id, name or source of a base model."""
BASES = described(
    *("base_model_not_found", "base_model_unknown", "base_not_prepared", "dataset_unreadable", "extra_missing")
)
JSONL = {200: {"description": "One example a line.", "content": {"application/jsonl": {"schema": {"type": "string"}}}}}


class Settings(BaseModel):
    """With what the model will see the texts: the keys of a run that matter for it."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    base_model: Base = "smollm2"
    max_length: int = Field(1024, ge=16, le=1_048_576)
    train_on: TrainOn = "answers"
    system: Annotated[str, AfterValidator(clean), Field(max_length=4000)] = ""


class CheckSettings(Settings):
    """And which share of the texts is held out, by which seed."""

    share: float = Field(0.0, ge=0, le=0.5)
    seed: int = Field(42, ge=0, lt=2**32)


class TextImport(BaseModel):
    """Texts pasted into the page: json, jsonl, csv, or plain text; `name` is a label, its ending a hint."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=1_000_000, description="Larger ones are uploaded.")
    name: Annotated[str, AfterValidator(clean)] = Field("pasted", min_length=1, max_length=200)


class PreviewAsked(Settings):
    """What to show: an example of the data set, or one that is being written."""

    example: ExampleContent | None = None
    example_id: str | None = Field(None, max_length=16)

    @model_validator(mode="after")
    def _one(self) -> PreviewAsked:
        if (self.example is None) == (self.example_id is None):
            raise ValueError("give example or example_id")
        return self


class DraftAsked(BaseModel):
    """A document, and the OpenAI-compatible endpoint that is to make pairs of it. The key is used and never kept."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    text: str = Field(min_length=1, max_length=500_000)
    url: str = Field(min_length=1, max_length=2000, pattern=r"^https?://\S+$", examples=["http://127.0.0.1:11434/v1"])
    model: Annotated[str, AfterValidator(clean)] = Field(min_length=1, max_length=200, examples=["qwen3:8b"])
    key: SecretStr | None = Field(None, max_length=1000)
    pairs: int = Field(3, ge=1, le=20, description="Of each piece of the document.")


class Drafted(BaseModel):
    """Drafts that wait to be accepted."""

    added: int


@router.post("/datasets/{dataset_id}/examples/import", responses=described("not_allowed"))
def import_examples(session: Db, user: Me, dataset_id: DatasetId, body: TextImport) -> Taken:
    """Take in what was pasted: alpaca, sharegpt, messages, pairs of answers, or plain text, told by its content."""
    taking.own(session, dataset_id, user)
    report = taking.read_pasted(body.text, body.name)
    return taking.add(session, dataset_id, report, user)


@router.get("/datasets/{dataset_id}/examples/check", responses=BASES | described("dataset_empty"))
def check_examples(
    context: Ctx, session: Db, user: Me, dataset_id: DatasetId, settings: Annotated[CheckSettings, Depends()]
) -> TextCheck:
    """How long the texts are to the model, what is cut, what says nearly the same. `groups` and `leaks` name examples by
    their numbers."""
    dataset = taking.readable(session, dataset_id)
    return context.texts.check(session, dataset, settings, settings.share, settings.seed)


@router.post(
    "/datasets/{dataset_id}/examples/preview", responses=BASES | described("example_not_found", "example_invalid")
)
def preview_example(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: PreviewAsked) -> TextPreview:
    """Exactly what the model will see of one example, and which of it is learned."""
    dataset = taking.readable(session, dataset_id)
    example = taking.example_of(session, dataset, body.example_id, body.example)
    return context.texts.preview(session, example, body)


@router.post(
    "/datasets/{dataset_id}/examples/draft",
    responses=described("not_allowed", "endpoint_unreachable", "endpoint_refused", "extra_missing"),
)
def draft_examples(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: DraftAsked) -> Drafted:
    """Have an endpoint write questions and answers about a document. Each is kept as it comes; none is trained on before
    somebody accepts it."""
    taking.own(session, dataset_id, user)
    session.commit()
    key = body.key.get_secret_value() if body.key is not None else ""
    return Drafted(added=drafts.write(context, dataset_id, body.text, body.url, body.model, key, body.pairs))


@router.get("/datasets/{dataset_id}/examples/export", response_class=Response, responses=JSONL)  # pyright: ignore[reportArgumentType]
def export_examples(session: Db, user: Me, dataset_id: DatasetId) -> Response:
    """Every example as JSON lines, as it can be read in again; drafts are left out."""
    dataset = taking.readable(session, dataset_id)
    content = taking.exported(session, dataset_id)
    headers = attachment(f"{safe_stem(dataset.name)}.jsonl")
    return Response(content, media_type="application/jsonl", headers=headers)
