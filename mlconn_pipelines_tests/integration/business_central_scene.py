"""A scene whose ERP is a simulated Business Central: the same Cleo, the same partners, another company behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import BC
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_simulators.business_central.sandbox import BusinessCentralSandbox


@dataclass
class BusinessCentralScene:
    """scene: everything around the ERP. company: what clerks do in."""

    scene: Scene
    company: BusinessCentralSandbox

    @property
    def _system(self) -> BusinessCentral:
        assert isinstance(self.scene.system, BusinessCentral)
        return self.scene.system

    def sell(self, partner: str, set_name: str = "salesInvoices", **fields: Any) -> str:
        """A draft invoice or order over two items; its id."""
        return self._system.sell(self.scene, partner, set_name, **fields)

    def invoice(self, partner: str) -> str:
        """A posted invoice; its id."""
        return str(self._system.write(self.scene, partner).entry)

    def buy(self, partner: str, **fields: Any) -> str:
        """A released purchase order; its id."""
        return self._system.buy(self.scene, partner, **fields)

    def record(self, set_name: str, record_id: str) -> Mapping[str, Any]:
        return self.company.record(set_name, record_id)


@contextmanager
def business_central_scene(stage: Stage, **options: Any) -> Iterator[BusinessCentralScene]:
    """options: of the stage."""
    scene = stage(system=BC, **options)
    yield BusinessCentralScene(scene, scene.sandbox.business_central)
