"""The program host: one light process that runs every program which is ours."""
