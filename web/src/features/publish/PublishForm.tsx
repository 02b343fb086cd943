// What is asked before a LoRA goes out, beside the card that it will carry.
import { Button } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/kinds";
import type { Evidence, Lora, Publication, Targets } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { CardPreview } from "@/features/publish/card/CardPreview";
import { chosenOf, formatsOf, lacksPlace, nextVersion, requestOf } from "@/features/publish/draft";
import { FormatChoice } from "@/features/publish/FormatChoice";
import { Gate } from "@/features/publish/Gate";
import { Going } from "@/features/publish/Going";
import { PlaceFields } from "@/features/publish/PlaceFields";
import { Published } from "@/features/publish/Published";
import classes from "@/features/publish/Publish.module.css";
import { TargetChoice } from "@/features/publish/TargetChoice";
import { useDraft } from "@/features/publish/useDraft";
import { usePublishing } from "@/features/publish/usePublishing";
import { WordsFields } from "@/features/publish/WordsFields";

interface PublishFormProps {
  lora: Lora;
  evidence: Evidence;
  targets: Targets;
  published: readonly Publication[];
}

export function PublishForm({ lora, evidence, targets, published }: PublishFormProps) {
  const { t } = useTranslation("publish");
  const kind = kindOf(lora.family);
  const [draft, change] = useDraft(lora, targets);
  const [asked, setAsked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const publishing = usePublishing(lora.id, evidence.tested);
  const version = nextVersion(published, lora.name, draft);
  const request = requestOf(draft, kind, version);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!lacksPlace(draft)) return publishing.begin(request);
    // the field that says so may be far above
    flushSync(() => setAsked(true));
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  };
  const again = () => {
    change({ changes: "" });
    setAsked(false);
    publishing.reset();
  };

  if (publishing.made) return <Published publication={publishing.made} targets={targets} onAgain={again} />;
  return (
    <div className={classes.columns}>
      <form ref={form} className={classes.form} onSubmit={submit} noValidate aria-labelledby="publish-title">
        <TargetChoice kind={kind} targets={targets} value={draft.target} onChange={(target) => change({ target })} />
        <PlaceFields draft={draft} targets={targets} asked={asked} onChange={change} />
        <FormatChoice possible={formatsOf(kind, draft.target)} chosen={chosenOf(kind, draft)} onChange={(formats) => change({ formats })} />
        <WordsFields kind={kind} draft={draft} version={version} onChange={change} />
        {!evidence.tested && <p className={classes.untested}>{t("gate.note")}</p>}
        {publishing.error ? <ErrorNote error={publishing.error} /> : null}
        <div className={classes.send}>
          <Button type="submit" size="md" loading={publishing.pending}>{t("send", { version })}</Button>
          {publishing.pending && <Going request={request} />}
        </div>
      </form>
      <CardPreview lora={lora.id} picture={lora.preview} request={request} />
      <Gate lora={lora.id} {...publishing.gate} />
    </div>
  );
}
