// Whether what the page shows is what happens now.
import { useTranslation } from "react-i18next";
import type { StreamState } from "@/api/socket";
import classes from "@/features/runs/Run.module.css";

export function LivePill({ link }: { link: StreamState }) {
  const { t } = useTranslation();
  return (
    <span className={classes.live} data-link={link} role="status">
      {t(`live.${link}`)}
    </span>
  );
}
