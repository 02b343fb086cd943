// How good the forecasts have been, and the machine they are for.
import { useTranslation } from "react-i18next";
import { Page } from "@/components/Page";
import classes from "@/features/forecast/Forecasts.module.css";
import { MachineFacts } from "@/features/forecast/MachineFacts";
import { Outcomes } from "@/features/forecast/Outcomes";
import { Ratings } from "@/features/forecast/Ratings";

export function Component() {
  const { t } = useTranslation("forecast");
  return (
    <Page wide title={t("page.title")} lead={t("page.lead")}>
      <div className={classes.sections}>
        <section aria-labelledby="good">
          <h2 id="good">{t("page.good")}</h2>
          <p className={classes.lead}>{t("page.goodText")}</p>
          <Ratings />
          <Outcomes />
        </section>
        <section aria-labelledby="machine">
          <h2 id="machine">{t("page.machine")}</h2>
          <MachineFacts />
        </section>
      </div>
    </Page>
  );
}
