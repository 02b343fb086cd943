// A new comparison: what is compared, on which prompts and seeds; what is chosen is kept until it is started.
import { Anchor } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { modelsQuery } from "@/api/queries";
import { Page } from "@/components/Page";
import { askedOf, type Draft, draftFrom } from "@/features/experiments/asked/draft";
import { forgetKept, keep, kept } from "@/features/experiments/asked/kept";
import { Choose } from "@/features/experiments/new/Choose";
import { CountPanel } from "@/features/experiments/new/CountPanel";
import { More } from "@/features/experiments/new/More";
import { PromptStep } from "@/features/experiments/new/PromptStep";
import { StrengthStep } from "@/features/experiments/new/StrengthStep";
import { useChosen } from "@/features/experiments/new/useChosen";
import { useCreate } from "@/features/experiments/queries";
import layout from "@/features/new-run/Editor.module.css";

export function Component() {
  const [params] = useSearchParams();
  return <NewExperiment key={params.toString()} params={params} />;
}

function NewExperiment({ params }: { params: URLSearchParams }) {
  const { t } = useTranslation("experiments");
  const navigate = useNavigate();
  const address = params.toString();
  const [left, setLeft] = useState(() => kept(address));
  const [draft, setDraft] = useState<Draft>(() => left ?? draftFrom(params));
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    setDraft(next);
    keep(address, next);
  };
  const afresh = () => {
    forgetKept(address);
    setLeft(null);
    setDraft(draftFrom(params));
  };
  const models = useQuery(modelsQuery).data?.items ?? [];
  const chosen = useChosen(draft, models);
  const asked = askedOf(draft, chosen.kind, { prompts: chosen.prompts, base: chosen.base?.id }, chosen.named);
  const create = useCreate();
  const start = () =>
    create.mutate({ name: draft.name.trim(), experiment: asked, labels: draft.machines }, {
      onSuccess: ({ run }) => {
        forgetKept(address);
        void navigate(`/experiments/${run.id}`);
      },
    });
  return (
    <Page
      wide title={t("new.title")}
      above={<Anchor component={Link} to="/experiments" inherit>{t("title")}</Anchor>}
      lead={left === null ? t("new.lead") : <>{t("new.left")} <Anchor component="button" inherit onClick={afresh}>{t("new.afresh")}</Anchor></>}
    >
      <div className={layout.layout}>
        <div className={layout.steps}>
          <Choose draft={draft} chosen={chosen} onChange={change} />
          <StrengthStep draft={draft} onChange={change} />
          <PromptStep draft={draft} chosen={chosen} onChange={change} />
          <More draft={draft} chosen={chosen} models={models} onChange={change} />
        </div>
        <CountPanel draft={draft} asked={asked} chosen={chosen} create={create} onStart={start} onName={(name) => change({ name })} />
      </div>
    </Page>
  );
}
