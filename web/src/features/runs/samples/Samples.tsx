// The result as it develops: two steps compared, large, and the strip of all of them.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { samplesQuery } from "@/features/runs/queries";
import { Compare } from "@/features/runs/samples/Compare";
import { filmOf } from "@/features/runs/samples/film";
import { Filmstrip } from "@/features/runs/samples/Filmstrip";
import classes from "@/features/runs/samples/Samples.module.css";
import { Sides } from "@/features/runs/samples/Sides";

export type Side = "left" | "right";

export function Samples({ id, over }: { id: string; over: boolean }) {
  const { t } = useTranslation("runs");
  const samples = useQuery(samplesQuery(id));
  const film = useMemo(() => filmOf(samples.data?.items ?? []), [samples.data]);
  const [picked, setPicked] = useState<Record<Side, number | null>>({ left: null, right: null });
  const [rowIndex, setRowIndex] = useState<number | null>(null);
  const [active, setActive] = useState<Side>("right");

  if (samples.error) return <ErrorNote error={samples.error} onRetry={() => void samples.refetch()} />;
  if (samples.data === undefined) return <Skeleton height={360} radius="md" />;
  const row = film.rows.find((one) => one.index === rowIndex) ?? film.rows[0];
  const first = film.steps[0];
  const newest = film.steps.at(-1);
  if (row === undefined || first === undefined || newest === undefined) {
    return <p className={classes.none}>{t(over ? "samples.none" : "samples.soon")}</p>;
  }
  const steps: Record<Side, number> = { left: picked.left ?? first, right: picked.right ?? newest };
  const pick = (step: number, index: number) => {
    setRowIndex(index);
    setPicked({ ...picked, [active]: step === newest && active === "right" ? null : step });
  };
  return (
    <div className={classes.samples}>
      <div className={classes.hero}>
        <Compare left={row.frames.get(steps.left)} right={row.frames.get(steps.right)} />
        <Sides film={film} steps={steps} active={active} onActive={setActive} />
        <p className={classes.prompt}>
          {row.prompt} <span className={classes.seed}>{t("samples.seed", { seed: row.seed })}</span>
        </p>
      </div>
      <Filmstrip film={film} steps={steps} rowIndex={row.index} onPick={pick} />
    </div>
  );
}
