// The corner where notices appear.
import { CloseButton } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { noticeStore } from "./announce";
import classes from "./Announcer.module.css";

export function Announcer() {
  const { t } = useTranslation();
  const notices = useSyncExternalStore(noticeStore.subscribe, noticeStore.get);
  return (
    <div className={classes.corner} role="status" aria-live="polite" aria-relevant="additions">
      {notices.map((notice) => (
        <div key={notice.id} className={classes.notice} data-tone={notice.tone}>
          <span>{notice.text}</span>
          <CloseButton size="sm" aria-label={t("action.dismiss")} onClick={() => noticeStore.dismiss(notice.id)} />
        </div>
      ))}
    </div>
  );
}
