"""Records of the server: tables, queries, migrations, blobs."""
