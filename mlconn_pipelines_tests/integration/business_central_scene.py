"""A scene whose ERP is a simulated Business Central: the same Cleo, the same partners, another company behind them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.sandbox.business_central.masters import unit_codes
from mlconn_pipelines.sandbox.business_central.sandbox import COMPANY, ENVIRONMENT, BusinessCentralSandbox
from mlconn_pipelines.sandbox.entra.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_pipelines.sandbox.world.model import WorldPartner
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.connectors.serving import served
from mlconn_pipelines_tests.integration.clerks import sound_items
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Changes, Scene

CREDENTIAL = "acme-bc"


@dataclass
class BusinessCentralScene:
    """scene: everything around the ERP; its own `erp` stands idle. company: what clerks do in."""

    scene: Scene
    company: BusinessCentralSandbox

    def sell(self, partner: str, set_name: str = "salesInvoices", **fields: Any) -> str:
        """A draft invoice or order over two items; its id."""
        return self._document(set_name, "unitPrice", customerNumber=self.scene.partner_named(partner).customer_code,
                              externalDocumentNumber=f"PO-{partner[:4].upper()}", partner=partner, **fields)  # fmt: skip

    def invoice(self, partner: str, **fields: Any) -> str:
        """A posted invoice; its id."""
        made = self.sell(partner, **fields)
        self.company.act("salesInvoices", made, "post")
        return made

    def buy(self, partner: str, **fields: Any) -> str:
        """A released purchase order; its id."""
        code = self.scene.partner_named(partner).supplier_code
        made = self._document("purchaseOrders", "directUnitCost", vendorNumber=code, partner=partner, **fields)
        self.company.act("purchaseOrders", made, "release")
        return made

    def record(self, set_name: str, record_id: str) -> Mapping[str, Any]:
        return self.company.record(set_name, record_id)

    def _document(self, set_name: str, price: str, *, partner: str, **fields: Any) -> str:
        lines = [
            {"lineType": "Item", "lineObjectNumber": item.code, "quantity": 10 + place, price: Decimal("12.5") + place}
            for place, item in enumerate(sound_items(self.scene, partner))
        ]
        lines_name = {"salesInvoices": "salesInvoiceLines", "salesOrders": "salesOrderLines"}.get(
            set_name, "purchaseOrderLines"
        )
        return self.company.add_document(set_name, **{lines_name: lines, **fields})


@contextmanager
def business_central_scene(stage: Stage, erp: Changes | None = None, **options: Any) -> Iterator[BusinessCentralScene]:
    """erp: settings of the connection that differ. options: of the stage."""
    flows = {"x12_856": None, **options.pop("flows", {})}
    scene = stage(flows=flows, **options)
    entra = EntraSandbox()
    company = BusinessCentralSandbox(scene.world, entra, window_requests=None)
    with served(entra.app()) as tokens, served(company.app()) as endpoint, contextlib.closing(company):
        connection = {
            "kind": "business_central",
            "company_db": None,
            "url": endpoint.url,
            "authority": tokens.url,
            "tenant": TENANT_ID,
            "environment": ENVIRONMENT,
            "company": COMPANY,
            "credential": CREDENTIAL,
            "order_target": "salesOrders",
            "requests_per_second": None,
            **(erp or {}),
        }
        partners = {partner.name: _partner_changes(scene, partner) for partner in scene.world.partners}
        scene.reconfigure(erp=connection, partners=partners)
        with open_stores(scene.settings) as stores:
            stores.credentials.set(CREDENTIAL, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        yield BusinessCentralScene(scene, company)


def _partner_changes(scene: Scene, partner: WorldPartner) -> Changes:
    """Business Central keeps neither the partners' own item numbers nor ship-to codes: the partner file has both."""
    return {
        "units": unit_codes(scene.world) | dict.fromkeys(scene.world.unit_codes),
        "ship_to": {address.location_number: partner.customer_code for address in partner.addresses},
        "items": {
            number: item.code
            for item in scene.world.items
            if item.active and (number := item.partner_numbers.get(partner.name))
        },
    }
