// Formatted values as elements. For strings use useFormat().
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { formatAgo, formatTime } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";

export function Bytes({ value }: { value: number }) {
  return <span>{useFormat().bytes(value)}</span>;
}

export function Duration({ seconds }: { seconds: number }) {
  return <span>{useFormat().duration(seconds)}</span>;
}

/** How long ago, kept true once a minute, with the exact time on hover. */
export function TimeAgo({ time }: { time: string }) {
  const { i18n } = useTranslation();
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const date = new Date(time);
  return (
    <time dateTime={time} title={formatTime(date, i18n.language)}>
      {formatAgo(date, date > now ? date : now, i18n.language)}
    </time>
  );
}
