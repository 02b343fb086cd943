// The first screen: what Loom does, three ways in, what was done last, and the machine.
import { useTranslation } from "react-i18next";
import { ContinueCard } from "./ContinueCard";
import { LatestDatasets } from "./LatestDatasets";
import { LatestRuns } from "./LatestRuns";
import { MachineCard } from "./MachineCard";
import { NewDatasetCard } from "./NewDatasetCard";
import { SampleCard } from "./SampleCard";
import { Strip } from "./Strip";
import classes from "./StartPage.module.css";

export function Component() {
  const { t } = useTranslation("start");
  return (
    <div className={classes.page}>
      <title>LoRA Loom</title>
      <section className={classes.hero}>
        <div>
          <h1 className={classes.headline}>{t("headline")}</h1>
          <p className={classes.lead}>{t("lead")}</p>
        </div>
        <Strip />
      </section>
      <div className={classes.ways}>
        <SampleCard />
        <NewDatasetCard />
        <ContinueCard />
      </div>
      <div className={classes.columns}>
        <div className={classes.lists}>
          <LatestRuns />
          <LatestDatasets />
        </div>
        <MachineCard />
      </div>
    </div>
  );
}
