// What this browser does: tell when a run has ended.
import { Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseNotify, notifyChoice } from "@/lib/notify";
import { Section } from "./Section";

export function BrowserSection() {
  const { t } = useTranslation("settings");
  const [choice, setChoice] = useState(notifyChoice);
  const change = async (on: boolean) => setChoice(await chooseNotify(on));
  return (
    <Section title={t("browser.title")} text={t("browser.text")}>
      <Switch
        label={t("browser.notify")}
        description={choice === "blocked" || choice === "unsupported" ? t(`browser.${choice}`) : t("browser.notifyText")}
        checked={choice === "on"}
        disabled={choice === "blocked" || choice === "unsupported"}
        onChange={(event) => void change(event.currentTarget.checked)}
      />
    </Section>
  );
}
