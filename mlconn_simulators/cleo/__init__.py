"""A simulated Cleo tenant: sign-in, folders, files, an API Provider, and the flow that hands files to trading partners."""

from mlconn_simulators.cleo.store import ReceivedFile
from mlconn_simulators.cleo.tenant import CleoSandbox

__all__ = ["CleoSandbox", "ReceivedFile"]
