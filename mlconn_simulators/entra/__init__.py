"""A simulated Microsoft Entra tenant's token endpoint, from which the other simulated Microsoft systems take their sign-in."""

from mlconn_simulators.entra.sandbox import EntraSandbox

__all__ = ["EntraSandbox"]
