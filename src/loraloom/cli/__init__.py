"""The command `loraloom`: a file a noun, thin; whatever is heavy is imported inside the commands."""
