// The score card: how good the set is, what is wrong with it, each finding a click from its pictures.
import { Button, NumberInput, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import type { Asked, Finding } from "../api";
import { useEditor } from "../editor/useEditor";
import { EVERYTHING } from "../filter";
import { qualityQuery } from "../queries";
import { keepAsked, keptAsked, sameAsked, SIDES, usable } from "./asked";
import classes from "./Panel.module.css";

const LOOKS = { bad: IconX, warn: IconAlertTriangle, note: IconInfoCircle } as const;

export function QualityTab() {
  const { dataset } = useEditor();
  const [asked, setAsked] = useState(() => keptAsked(dataset.id));
  const [rested] = useDebouncedValue(asked, 400);
  const ask = (part: Partial<Asked>) => {
    const next = { ...asked, ...part };
    setAsked(next);
    keepAsked(dataset.id, next);
  };
  return (
    <>
      <AskedLine asked={asked} onChange={ask} />
      <Card dataset={dataset.id} asked={usable(rested)} />
    </>
  );
}

function AskedLine({ asked, onChange }: { asked: Asked; onChange: (part: Partial<Asked>) => void }) {
  const { t } = useTranslation("datasets");
  return (
    <div className={classes.asked}>
      <TextInput
        size="xs" label={t("quality.trigger")} placeholder={t("quality.notAsked")} maxLength={200} spellCheck={false} value={asked.trigger}
        onChange={(event) => onChange({ trigger: event.currentTarget.value })}
      />
      <NumberInput
        size="xs" label={t("quality.resolution")} placeholder={t("quality.notAsked")} {...SIDES} allowDecimal={false} value={asked.resolution ?? ""}
        onChange={(value) => onChange({ resolution: value === "" ? null : Number(value) })}
      />
    </div>
  );
}

function Card({ dataset, asked }: { dataset: string; asked: Asked }) {
  const { t, i18n } = useTranslation("datasets");
  const { data, isError, error, refetch } = useQuery(qualityQuery(dataset, i18n.language, asked));
  if (isError && !data) return <ErrorNote error={error} small onRetry={() => void refetch()} />;
  if (!data) return <p className={classes.note}>{t("quality.looking")}</p>;
  const tone = data.score >= 80 ? "good" : data.score >= 50 ? "warn" : "bad";
  return (
    <>
      <div className={classes.score} data-tone={tone}>
        <strong>{Math.round(data.score)}</strong>
        <span>
          {t("quality.of")}
          <br />
          {t(data.state === "working" ? "quality.working" : `quality.${tone}`)}
        </span>
      </div>
      {data.findings.length ? null : (
        <p className={classes.note}>
          <IconCheck size={16} aria-hidden="true" /> {t("quality.nothing")}
        </p>
      )}
      <ul className={classes.findings}>
        {data.findings.map((finding) => (
          <Found key={finding.kind} finding={finding} asked={asked} />
        ))}
      </ul>
    </>
  );
}

function Found({ finding, asked }: { finding: Finding; asked: Asked }) {
  const { t } = useTranslation("datasets");
  const { number } = useFormat();
  const { filter, narrow } = useEditor();
  const Icon = LOOKS[finding.level];
  const on = filter.finding === finding.kind && sameAsked(filter.asked, asked);
  return (
    <li data-level={finding.level}>
      <Icon size={18} className={classes.icon} aria-label={t(`quality.level.${finding.level}`)} />
      <div>
        <p className={classes.finding}>{finding.message}</p>
        <p className={classes.note}>{finding.hint}</p>
        {finding.images.length ? (
          <Button variant={on ? "light" : "default"} size="compact-xs" aria-pressed={on} onClick={() => narrow(on ? EVERYTHING : { ...EVERYTHING, finding: finding.kind, asked })}>
            {on ? t("quality.all") : t("quality.show", { count: finding.count, number: number(finding.count) })}
          </Button>
        ) : null}
      </div>
    </li>
  );
}
