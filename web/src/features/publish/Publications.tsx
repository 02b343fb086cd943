// Every version that went out, the newest first, with what was new in it.
import { useTranslation } from "react-i18next";
import type { Publication, Targets } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { CopyButton } from "@/components/CopyButton";
import { TimeAgo } from "@/components/Format";
import classes from "@/features/publish/Publish.module.css";
import { useWithdraw } from "@/features/publish/queries";
import { Where } from "@/features/publish/Where";

export function Publications({ items, targets }: { items: readonly Publication[]; targets: Targets | undefined }) {
  const { t } = useTranslation("publish");
  return (
    <ol className={classes.versions} aria-label={t("versions")}>
      {items.map((one) => <Version key={one.id} publication={one} targets={targets} />)}
    </ol>
  );
}

function Version({ publication, targets }: { publication: Publication; targets: Targets | undefined }) {
  const { t } = useTranslation("publish");
  const { version, target, state, tested, changes, sha256, files } = publication;
  const gone = state === "withdrawn";
  return (
    <li className={classes.version} data-gone={gone || undefined}>
      <div className={classes.number}>
        <b>{t("version", { version })}</b>
        <span className={classes.soft}><TimeAgo time={publication.created_at} /></span>
      </div>
      <div className={classes.what}>
        <p className={classes.marks}>
          {t(`target.${target}.title`)}
          {tested ? <span className={classes.mark} data-tone="good">{t("tested")}</span> : <span className={classes.mark} data-tone="warn">{t("untested")}</span>}
          {gone && <span className={classes.mark}>{t("withdrawn")} {publication.withdrawn_at && <TimeAgo time={publication.withdrawn_at} />}</span>}
        </p>
        {changes && <p className={classes.changes}>{changes}</p>}
        {!gone && <Where publication={publication} targets={targets} />}
        <p className={classes.soft}>
          {t("files", { count: files.length })} · SHA-256 <code>{sha256.slice(0, 12)}…</code> <CopyButton value={sha256} label={t("copyHash")} />
        </p>
      </div>
      {!gone && <Withdraw publication={publication} />}
    </li>
  );
}

function Withdraw({ publication }: { publication: Publication }) {
  const { t } = useTranslation("publish");
  const withdraw = useWithdraw();
  return (
    <ConfirmButton
      size="compact-sm" question={t("withdraw.question", { version: publication.version })} consequence={t(`withdraw.${publication.target}`)}
      onConfirm={async () => {
        await withdraw.mutateAsync(publication.id);
        announce(t("withdraw.done"));
      }}
    >
      {t("withdraw.action")}
    </ConfirmButton>
  );
}
