// Where no picture is yet: what to begin with.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { samplesQuery } from "@/features/runs/queries";
import classes from "./Playground.module.css";
import { suggested } from "./suggested";

interface Props {
  /** Of the run that the first LoRA comes from. */
  run: string | null;
  /** Whether the base is the one that comes with Loom. */
  embedded: boolean;
  /** Whether any LoRA is on. */
  bare: boolean;
  onTake: (prompt: string) => void;
}

export function First({ run, embedded, bare, onTake }: Props) {
  const { t } = useTranslation("playground");
  const { data } = useQuery({ ...samplesQuery(run ?? ""), enabled: run !== null });
  const prompts = suggested((data?.items ?? []).map((sample) => sample.prompt), embedded);
  return (
    <div className={classes.first}>
      <p className={classes.firstTitle}>{t("first.title")}</p>
      <p>{t(embedded ? "first.embedded" : "first.text")}</p>
      <div className={classes.prompts}>
        {prompts.map((prompt) => <Button key={prompt} variant="default" size="compact-sm" onClick={() => onTake(prompt)}>{prompt}</Button>)}
      </div>
      {bare ? <p className={classes.soft}>{t("first.noLora")} <Link to="/runs/new">{t("first.train")}</Link></p> : null}
    </div>
  );
}
