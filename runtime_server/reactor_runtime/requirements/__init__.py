"""A model's requirements.txt: what it asks for, what of it is here, and how the rest is installed.

report = check_requirements(folder)
report.findings       # for people: what is missing, with the command that installs it
install(report)       # when the user has asked for it
"""

from reactor_runtime.requirements.check import Report, check_requirements
from reactor_runtime.requirements.command import install_command

__all__ = ["Report", "check_requirements", "install_command"]
