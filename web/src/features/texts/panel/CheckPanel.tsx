// How the texts look to a model before anything is trained: how long they are, what is cut, what says the same twice.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { Waiting } from "@/components/Waiting";
import { useFormat } from "@/lib/useFormat";
import type { CheckedTexts } from "../api";
import { textCheckQuery } from "../examplesQuery";
import type { Seen } from "../useSeenWith";
import { Histogram } from "./Histogram";
import classes from "./Panel.module.css";
import { SeenWithForm } from "./SeenWithForm";

interface Props {
  dataset: string;
  seenWith: Seen;
  onShow: (numbers: readonly number[]) => void;
}

export function CheckPanel({ dataset, seenWith, onShow }: Props) {
  const { t } = useTranslation("texts");
  const { base, seen } = seenWith;
  const ready = base !== undefined && base.state !== "not_prepared" && base.state !== "preparing";
  const check = useQuery(textCheckQuery(dataset, ready ? base.id : null, seen));
  return (
    <div className={classes.panel}>
      <h2>{t("check.title")}</h2>
      <SeenWithForm seenWith={seenWith} />
      {check.isError ? <ErrorNote error={check.error} small onRetry={() => void check.refetch()} /> : null}
      {check.isFetching && !check.data ? <Waiting label={t("check.working")} /> : null}
      {check.data && ready && !check.isError ? <Found check={check.data} maxLength={seen.maxLength} stale={check.isPlaceholderData} onShow={onShow} /> : null}
    </div>
  );
}

function Found({ check, maxLength, stale, onShow }: { check: CheckedTexts; maxLength: number; stale: boolean; onShow: Props["onShow"] }) {
  const { t } = useTranslation("texts");
  const { number, percent } = useFormat();
  const rows: [string, string][] = [
    [t("check.tokens"), number(check.tokens)],
    [t("check.learned"), percent(check.tokens > 0 ? check.trained_tokens / check.tokens : 0)],
    [t("check.median"), number(check.median)],
    [t("check.longest"), number(check.longest)],
  ];
  return (
    <div className={classes.found} data-stale={stale || undefined}>
      <dl className={classes.facts}>{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <Histogram bins={check.histogram} maxLength={maxLength} />
      <ul className={classes.findings}>
        <Finding tone={check.cut > 0 ? "warn" : "good"} said={check.cut > 0 ? t("check.cut", { count: check.cut, share: percent(check.cut_share) }) : t("check.notCut")} hint={check.cut > 0 ? t("check.cutHint") : undefined} />
        <Finding tone={check.groups.length > 0 ? "warn" : "good"} said={check.groups.length > 0 ? t("check.alike", { count: check.groups.length }) : t("check.notAlike")} hint={check.groups.length > 0 ? t("check.alikeHint") : undefined}>
          <Groups groups={check.groups} onShow={onShow} />
        </Finding>
        {check.held_out > 0 || check.leaks.length > 0 ? (
          <Finding tone={check.leaks.length > 0 ? "bad" : "good"} said={check.leaks.length > 0 ? t("check.leaks", { count: check.leaks.length }) : t("check.noLeaks")} hint={check.leaks.length > 0 ? t("check.leaksHint") : undefined}>
            <Groups groups={check.leaks} onShow={onShow} />
          </Finding>
        ) : null}
      </ul>
    </div>
  );
}

function Finding({ tone, said, hint, children }: { tone: "good" | "warn" | "bad"; said: string; hint?: string; children?: React.ReactNode }) {
  return (
    <li data-tone={tone}>
      <p>{said}</p>
      {hint ? <p className={classes.hint}>{hint}</p> : null}
      {children}
    </li>
  );
}

const SHOWN = 12;

function Groups({ groups, onShow }: { groups: readonly (readonly number[])[]; onShow: Props["onShow"] }) {
  const { t, i18n } = useTranslation("texts");
  const list = new Intl.ListFormat(i18n.language, { style: "narrow", type: "unit" });
  if (groups.length === 0) return null;
  return (
    <div className={classes.groups}>
      {groups.slice(0, SHOWN).map((group) => {
        const named = list.format(group.slice(0, 4).map(String)) + (group.length > 4 ? " …" : "");
        return <Button key={group.join(" ")} size="compact-xs" variant="default" aria-label={t("check.show", { numbers: named })} onClick={() => onShow(group)}>{named}</Button>;
      })}
      {groups.length > 1 ? <Button size="compact-xs" variant="subtle" onClick={() => onShow([...new Set(groups.flat())].slice(0, 500))}>{t("check.showAll")}</Button> : null}
    </div>
  );
}
