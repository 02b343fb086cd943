// The quotas as they are edited: one for every user and every team, then those of one's own.
import type { Quota } from "@/api/types";

export interface Draft {
  everyUser: Quota;
  everyTeam: Quota;
  own: Quota[];
}

const empty = (kind: Quota["kind"]): Quota => ({ kind, name: "", most_active: null, most_queued: null });

export function draftOf(items: readonly Quota[]): Draft {
  const every = (kind: Quota["kind"]) => items.find((quota) => quota.kind === kind && quota.name === "") ?? empty(kind);
  return { everyUser: every("user"), everyTeam: every("team"), own: items.filter((quota) => quota.name !== "") };
}

/** One more, of somebody who is still to be named. */
export const withOneMore = (draft: Draft): Draft => ({ ...draft, own: [...draft.own, empty("user")] });

/** What is sent: quotas for everybody only where they limit something; those of one's own always, as they may lift a limit. */
export function itemsOf({ everyUser, everyTeam, own }: Draft): Quota[] {
  const limits = (quota: Quota) => quota.most_active != null || quota.most_queued != null;
  return [...[everyUser, everyTeam].filter(limits), ...own.map((quota) => ({ ...quota, name: quota.name.trim() })).filter((quota) => quota.name !== "")];
}
