// Settings, appearance and the account, in a popover of the browser's own.
import { ActionIcon, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconSettings, IconUserCircle } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, take } from "@/api/client";
import type { User } from "@/api/types";
import classes from "./AccountMenu.module.css";

export function AccountMenu({ user, loginRequired }: { user: User | null; loginRequired: boolean }) {
  const { t } = useTranslation("shell");
  const panel = useRef<HTMLDivElement>(null);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const logout = useMutation({
    mutationFn: () => take(api.DELETE("/api/session")),
    onSuccess: () => globalThis.location.assign("/login"),
  });
  const close = () => panel.current?.hidePopover();
  return (
    <>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("menu.label")} popoverTarget="account-menu">
        {loginRequired ? <IconUserCircle size={19} stroke={1.6} /> : <IconSettings size={18} stroke={1.6} />}
      </ActionIcon>
      <div id="account-menu" ref={panel} popover="auto" className={classes.panel}>
        {loginRequired && user ? <p className={classes.name}>{user.name}</p> : null}
        <p className={classes.label} id="appearance-label">
          {t("menu.appearance")}
        </p>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-labelledby="appearance-label"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={[
            { value: "light", label: t("menu.light") },
            { value: "dark", label: t("menu.dark") },
            { value: "auto", label: t("menu.auto") },
          ]}
        />
        <Link to="/settings" className={classes.item} onClick={close}>
          {t("menu.settings")}
        </Link>
        <Link to="/forecasts" className={classes.item} onClick={close}>
          {t("menu.forecasts")}
        </Link>
        {loginRequired && user ? (
          <button type="button" className={classes.item} onClick={() => logout.mutate()}>
            {t("menu.logout")}
          </button>
        ) : null}
      </div>
    </>
  );
}
