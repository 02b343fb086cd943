// What was measured of a LoRA, in words, what the figures cannot say, and what they warn of.
import { Skeleton } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Evidence, Lora } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import { Fold } from "@/components/Fold";
import classes from "@/features/loras/Evidence.module.css";
import { limitOf } from "@/features/loras/limits";
import { useLimitWords } from "@/features/loras/useLimitWords";
import { evidenceQuery } from "@/features/publish/queries";
import { useFormat } from "@/lib/useFormat";

const MEASURES = ["adherence", "style", "diversity", "nearest", "leak", "perplexity"] as const satisfies readonly (keyof Evidence)[];

export function EvidenceSection({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const { data, isError, error, refetch } = useQuery(evidenceQuery(lora.id));
  const measured = MEASURES.filter((name) => data?.[name] != null);
  // that nothing was compared is said at the top of the page already
  const limits = data?.limits.filter((limit) => limitOf(limit)?.key !== "untested") ?? [];
  if (data && measured.length === 0 && limits.length === 0) return null;
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">{t("evidence.title")}</h2>
      {isError && <ErrorNote error={error} small onRetry={() => void refetch()} />}
      {!data && !isError && <Skeleton height={120} />}
      {data && <Measures evidence={data} measured={measured} />}
      <Limits limits={limits} />
      {measured.length > 0 && (
        <Fold title={t("evidence.cannot")}>
          {() => (
            <dl className={classes.cannot}>
              {measured.map((name) => <div key={name}><dt>{t(`measure.${name}.name`)}</dt><dd>{t(`measure.${name}.cannot`)}</dd></div>)}
            </dl>
          )}
        </Fold>
      )}
    </section>
  );
}

function Measures({ evidence, measured }: { evidence: Evidence; measured: readonly (typeof MEASURES)[number][] }) {
  const { t } = useTranslation("loras");
  const { number } = useFormat();
  return (
    <dl className={classes.measures}>
      {measured.map((name) => (
        <div key={name}>
          <dt>{t(`measure.${name}.name`)} <span>{t(`measure.${name}.scale`)}</span></dt>
          <dd>{number(evidence[name] ?? 0, name === "perplexity" ? 1 : 2)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Limits({ limits }: { limits: readonly string[] }) {
  const { t } = useTranslation("loras");
  const words = useLimitWords();
  if (limits.length === 0) return null;
  return (
    <ul className={classes.limits} aria-label={t("evidence.limits")}>
      {limits.map((limit) => {
        const known = words(limit);
        return (
          <li key={limit}>
            <IconAlertTriangle size={18} stroke={1.75} aria-hidden="true" />
            <span lang={known === null ? "en" : undefined}>{known ?? limit}</span>
          </li>
        );
      })}
    </ul>
  );
}
