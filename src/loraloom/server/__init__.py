"""The server: REST over the nouns, sockets for what is live, and the built page. Never imports torch."""
