// The query key of the users.
export const USERS = ["users"] as const;
