// A run has finished: what one does with its LoRA now.
import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Run } from "@/api/types";
import classes from "@/features/runs/NextSteps.module.css";

export function NextSteps({ run }: { run: Run }) {
  const { t } = useTranslation("runs");
  if (run.state !== "finished" || !run.lora) return null;
  const texts = kindOf(run.family) === "texts";
  const page = `/loras/${run.lora}`;
  const steps = [
    { key: "try", to: texts ? page : `/playground?lora=${run.lora}` },
    { key: "compare", to: `/experiments/new?lora=${run.lora}` },
    { key: "publish", to: `${page}#publish` },
  ] as const;
  return (
    <nav className={classes.next} aria-label={t("next.title")}>
      {steps.map(({ key, to }) => (
        <div key={key}>
          <Button component={Link} to={to} variant="default" rightSection={<IconArrowRight size={16} />}>{t(`next.${key}`)}</Button>
          <p>{t(texts && key === "try" ? "next.tryTextsWhy" : `next.${key}Why`)}</p>
        </div>
      ))}
    </nav>
  );
}
