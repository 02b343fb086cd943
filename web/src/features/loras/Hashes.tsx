// The names by which others know the file, each to be copied.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Lora } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import classes from "@/features/loras/Evidence.module.css";
import { evidenceQuery } from "@/features/publish/queries";

/** Digits of the SHA-256 that Civitai and AUTOMATIC1111 show. */
const AUTOV2 = 10;

export function Hashes({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const hashes = useQuery(evidenceQuery(lora.id)).data?.hashes;
  const rows = [
    ["SHA-256", hashes?.sha256 ?? lora.sha256],
    ["AutoV2", hashes?.autov2 ?? lora.sha256.slice(0, AUTOV2)],
    ["sshs", hashes?.sshs_model],
    [t("hash.legacy"), hashes?.sshs_legacy],
  ] as const;
  return (
    <section aria-labelledby="hashes">
      <h2 id="hashes">{t("hash.title")}</h2>
      <p className={classes.soft}>{t("hash.help")}</p>
      <dl className={classes.hashes}>
        {rows.map(([name, value]) => value && (
          <div key={name}>
            <dt>{name}</dt>
            <dd><code title={value}>{value}</code></dd>
            <dd><CopyButton value={value} label={t("hash.copy", { name })} /></dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
