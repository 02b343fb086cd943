// LoRAs of the gallery that draw; those of another family than the ones that are on cannot go beside them.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/kinds";
import { ErrorNote } from "@/components/ErrorNote";
import { Picture } from "@/components/Picture";
import { Waiting } from "@/components/Waiting";
import { lorasQuery } from "@/features/loras/queries";
import type { Choosing } from "./AddLora";
import classes from "./Loras.module.css";

export function FromGallery({ search, family, chosen, onAdd }: Choosing) {
  const { t } = useTranslation("playground");
  const query = useInfiniteQuery(lorasQuery(search));
  if (query.error) return <ErrorNote error={query.error} small onRetry={() => void query.refetch()} />;
  if (!query.data) return <Waiting label={t("add.loading")} />;
  const loras = query.data.pages.flatMap((page) => page.items).filter((lora) => kindOf(lora.family) === "images");
  if (loras.length === 0) return <p className={classes.soft}>{t(search === "" ? "add.noLoras" : "add.noMatch")}</p>;
  return (
    <>
      <ul className={classes.choices}>
        {loras.map((lora) => {
          const misfit = family !== null && lora.family !== family;
          const on = chosen.some((one) => one.lora === lora.id);
          return (
            <li key={lora.id}>
              <button type="button" className={classes.choice} disabled={misfit || on} onClick={() => onAdd({ lora: lora.id, strength: 1, blocks: {} }, lora.family, lora.base_model)}>
                <Picture src={lora.preview} alt="" />
                <strong>{lora.name}</strong>
                <span className={classes.soft}>{on ? t("add.on") : misfit ? t("add.misfit") : lora.trigger || lora.base_model}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {query.hasNextPage ? <Button variant="default" size="compact-sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("add.more")}</Button> : null}
    </>
  );
}
