// What lies on the disk, and what of it can go.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import type { CleanPart, StoragePart } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import { Section } from "./Section";
import classes from "./Section.module.css";

const STORAGE = ["storage"] as const;
const CLEANABLE = ["cache", "run_caches", "checkpoints", "blobs", "uploads"] as const satisfies readonly CleanPart[];
const NAMED = [...CLEANABLE, "runs", "models", "database"] as const;
const isNamed = (name: string): name is (typeof NAMED)[number] => NAMED.some((one) => one === name);
const isCleanable = (name: string): name is CleanPart => CLEANABLE.some((one) => one === name);

export function StorageSection({ mayClean }: { mayClean: boolean }) {
  const { t } = useTranslation("settings");
  const { bytes } = useFormat();
  const { data, isError, error, refetch } = useQuery({ queryKey: STORAGE, queryFn: ({ signal }) => take(api.GET("/api/storage", { signal })) });
  const parts = [...(data?.parts ?? [])].filter((part) => part.files > 0).sort((a, b) => b.bytes - a.bytes);
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <Section title={t("storage.title")} text={data ? t("storage.text", { total: bytes(total) }) : undefined}>
      {isError ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      <div className={classes.stack} aria-hidden="true">
        {parts.map((part) => (
          <span key={part.name} style={{ flexGrow: part.bytes }} />
        ))}
      </div>
      <ul className={classes.rows}>
        {parts.map((part) => (
          <Row key={part.name} part={part} mayClean={mayClean} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ part, mayClean }: { part: StoragePart; mayClean: boolean }) {
  const { t } = useTranslation("settings");
  const { bytes, number } = useFormat();
  return (
    <li className={classes.row}>
      <span className={classes.name}>
        {isNamed(part.name) ? t(`storage.part.${part.name}`) : part.name}
        {isNamed(part.name) ? <small>{t(`storage.partText.${part.name}`)}</small> : null}
      </span>
      <span className={classes.figure}>
        {bytes(part.bytes)}
        <small>{t("storage.files", { count: part.files, number: number(part.files) })}</small>
      </span>
      {mayClean && part.removable > 0 && isCleanable(part.name) ? <Clean name={part.name} removable={part.removable} /> : null}
    </li>
  );
}

function Clean({ name, removable }: { name: CleanPart; removable: number }) {
  const { t } = useTranslation("settings");
  const { bytes } = useFormat();
  const client = useQueryClient();
  const clean = async () => {
    const left = await take(api.POST("/api/storage/clean", { body: { parts: [name] } }));
    client.setQueryData(STORAGE, left);
    announce(t("storage.cleaned", { size: bytes(removable) }));
  };
  return (
    <ConfirmButton size="compact-sm" question={t("storage.question")} consequence={t(`storage.partText.${name}`)} onConfirm={clean}>
      {t("storage.clean", { size: bytes(removable) })}
    </ConfirmButton>
  );
}
