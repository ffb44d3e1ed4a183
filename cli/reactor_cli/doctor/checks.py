"""All checks, in the order in which they are shown."""

from reactor_cli.doctor.clock import check_clock
from reactor_cli.doctor.configuration import check_settings
from reactor_cli.doctor.disk import check_disk, check_limits
from reactor_cli.doctor.examine import Check
from reactor_cli.doctor.livekit import check_livekit
from reactor_cli.doctor.model import check_model
from reactor_cli.doctor.ports import check_ports
from reactor_cli.doctor.python import check_python
from reactor_cli.doctor.reach import check_reach
from reactor_cli.doctor.registry import check_registry
from reactor_cli.doctor.torch import check_torch
from reactor_cli.doctor.weights import check_weights

CHECKS = (
    Check("settings", "Settings", check_settings),
    Check("python", "Python", check_python),
    Check("livekit", "LiveKit", check_livekit, limit_s=30.0),
    Check("ports", "Ports", check_ports),
    Check("reach", "Browsers", check_reach),
    Check("disk", "Disk", check_disk),
    Check("weights", "Weights", check_weights),
    Check("registry", "Registry", check_registry, limit_s=15.0),
    Check("limits", "Open files", check_limits),
    Check("clock", "Clock", check_clock),
    Check("torch", "PyTorch", check_torch, limit_s=40.0),
    Check("model", "Model", check_model, limit_s=40.0),
)
