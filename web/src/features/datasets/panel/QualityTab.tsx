// The score card: how good the set is, what is wrong with it, each finding a click from its pictures.
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import type { Finding } from "../api";
import { useEditor } from "../editor/useEditor";
import { EVERYTHING } from "../filter";
import { qualityQuery } from "../queries";
import classes from "./Panel.module.css";

const LOOKS = { bad: IconX, warn: IconAlertTriangle, note: IconInfoCircle } as const;

export function QualityTab() {
  const { t, i18n } = useTranslation("datasets");
  const { dataset } = useEditor();
  const { data, isError, error, refetch } = useQuery(qualityQuery(dataset.id, i18n.language));
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
          <Found key={finding.kind} finding={finding} />
        ))}
      </ul>
    </>
  );
}

function Found({ finding }: { finding: Finding }) {
  const { t } = useTranslation("datasets");
  const { number } = useFormat();
  const { filter, narrow } = useEditor();
  const Icon = LOOKS[finding.level];
  const on = filter.finding === finding.kind;
  return (
    <li data-level={finding.level}>
      <Icon size={18} className={classes.icon} aria-label={t(`quality.level.${finding.level}`)} />
      <div>
        <p className={classes.finding}>{finding.message}</p>
        <p className={classes.note}>{finding.hint}</p>
        {finding.images.length ? (
          <Button variant={on ? "light" : "default"} size="compact-xs" aria-pressed={on} onClick={() => narrow({ ...EVERYTHING, finding: on ? null : finding.kind })}>
            {on ? t("quality.all") : t("quality.show", { count: finding.count, number: number(finding.count) })}
          </Button>
        ) : null}
      </div>
    </li>
  );
}
