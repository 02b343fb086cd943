"""The other machine: asks a server for runs, carries each out with the same child in the same sandbox, hands all back."""
