#!/bin/sh
# Bring the database up to date, and make the first administrator if nobody can log in yet. Harmless to repeat: it runs
# before every start of the server, which does not serve others without a login.
# ADMIN_NAME; ADMIN_PASSWORD_FILE (its first line) or ADMIN_PASSWORD; TRIES, three seconds apart, while the database starts.
set -eu

tries=${TRIES:-40}
until loraloom migrate; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || exit 1
    sleep 3
done

users=$(loraloom user list --json)
if printf '%s' "$users" | python -c 'import json, sys; sys.exit(bool(json.load(sys.stdin)["users"]))'; then
    # Through stdin: a list of processes shows arguments.
    if [ -n "${ADMIN_PASSWORD_FILE:-}" ]; then
        loraloom user add "${ADMIN_NAME:-admin}" --admin --password-stdin <"$ADMIN_PASSWORD_FILE"
    else
        printf '%s\n' "${ADMIN_PASSWORD:?}" | loraloom user add "${ADMIN_NAME:-admin}" --admin --password-stdin
    fi
fi
