"""The simulated trading partners: they read, check and answer what the company sends, and send orders themselves."""

from mlconn_simulators.partner.habits import Habits
from mlconn_simulators.partner.sandbox import PartnerSandbox

__all__ = ["Habits", "PartnerSandbox"]
