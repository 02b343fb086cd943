// The header: where one is, what the machine does, language and light.
import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { User } from "@/api/types";
import { setLanguage } from "@/app/i18n";
import { AccountMenu } from "./AccountMenu";
import { Glance } from "./Glance";
import classes from "./Header.module.css";
import { TopNav } from "./Nav";
import { Wordmark } from "./Wordmark";

export function Header({ user, loginRequired }: { user: User | null; loginRequired: boolean }) {
  const { t } = useTranslation("shell");
  return (
    <header className={classes.header}>
      <div className={classes.inner}>
        <Link to="/" className={classes.home} aria-label={t("home")}>
          <Wordmark />
        </Link>
        <TopNav />
        <div className={classes.right}>
          <Glance />
          <LanguageSwitch />
          <SchemeSwitch />
          <AccountMenu user={user} loginRequired={loginRequired} />
        </div>
      </div>
    </header>
  );
}

export function LanguageSwitch() {
  const { t, i18n } = useTranslation("shell");
  const other = i18n.language === "zh" ? "en" : "zh";
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      className={classes.language}
      lang={other === "zh" ? "zh-Hans" : "en"}
      aria-label={t("switchLanguageLabel")}
      onClick={() => void setLanguage(other)}
    >
      {t("switchLanguage")}
    </Button>
  );
}

export function SchemeSwitch() {
  const { t } = useTranslation("shell");
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const dark = scheme === "dark";
  const label = dark ? t("toLight") : t("toDark");
  return (
    <ActionIcon className={classes.scheme} variant="subtle" color="gray" size="lg" aria-label={label} title={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
      {dark ? <IconSun size={18} stroke={1.6} /> : <IconMoon size={18} stroke={1.6} />}
    </ActionIcon>
  );
}
