"""Running an installation: processes, first start, the commands that talk to a running system."""
