"""A scripted llama-server: known delays, its own precise log, and every way to misbehave."""
