"""What the `reactor` command tells its user when it can't go on.

CliError          exit code 1: something failed
  UsageProblem    exit code 2: called in a way that can't work
"""

import click


class CliError(click.ClickException):
    """What happened, where, and what to do next; printed after `Error: `."""

    exit_code = 1


class UsageProblem(CliError):  # noqa: N818 - "UsageError" is click's
    """The command line, the environment or the configuration file can't be followed."""

    exit_code = 2
