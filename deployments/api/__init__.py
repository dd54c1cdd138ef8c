"""The HTTP API: what a script or a command line does with guilds and their deployments."""
