"""A trading partner's file as the value that flows and mappings use."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.config.guides import guide_of
from mlconn_pipelines.config.partner import ChargeRow, TaxRow, TradingPartner
from mlconn_pipelines.ports.partner import OrderRules, Partner, PostedAs


def partner_of(written: TradingPartner) -> Partner:
    """The partner with its X12 guide; the destination is the folder, or the API Provider's address."""
    return Partner(
        name=written.partner,
        title=written.name or written.partner,
        customer_codes=written.customer_codes,
        supplier_codes=written.supplier_codes,
        guide=guide_of(written),
        destination=str(written.api_provider.url) if written.api_provider else written.folder or "",
        uses_api_provider=written.api_provider is not None,
        units=dict(written.units),
        unit_factors=dict(written.unit_factors),
        default_unit=written.default_unit,
        ship_to=dict(written.ship_to),
        items=dict(written.items),
        price_tolerance=written.price_tolerance,
        unread=written.unread,
        purposes=dict(written.purposes),
        charges=_rows(written.charges),
        taxes=_rows(written.taxes),
        weighed_price_tolerance=written.weighed_price_tolerance,
        vendors=written.vendors or "",
        sends=written.sends,
        strict_sends=written.strict_sends,
        reuse_after_days=written.x12.reuse_after_days,
        orders=OrderRules(**written.orders.model_dump()),
    )


def _rows(written: Mapping[str, ChargeRow | TaxRow] | None) -> Mapping[str, PostedAs] | None:
    return None if written is None else {code: PostedAs(**row.model_dump()) for code, row in written.items()}
