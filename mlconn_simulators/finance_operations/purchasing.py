"""Purchase orders: made, changed, confirmed, cancelled. Confirming writes a journal that never changes, and raises an event."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.finance_operations import errors
from mlconn_simulators.finance_operations.bodies import noon
from mlconn_simulators.finance_operations.business_events import CONFIRMED, BusinessEvents
from mlconn_simulators.finance_operations.masters import FREIGHT
from mlconn_simulators.finance_operations.schema import ENTITIES, Values
from mlconn_simulators.finance_operations.store import Record, Store
from mlconn_simulators.utc_clock import UtcClock

HEADERS, LINES = "PurchaseOrderHeadersV2", "PurchaseOrderLinesV2"
CONFIRMATIONS, CONFIRMED_LINES = "PurchaseOrderConfirmationHeaders", "PurchaseOrderConfirmationLines"
_HEADER, _LINE = ENTITIES[HEADERS].name, ENTITIES[LINES].name
_CENT = Decimal("0.01")


class Purchasing:
    """What can be done with purchase orders, by clients and clerks alike."""

    def __init__(self, store: Store, clock: UtcClock, events: BusinessEvents) -> None:
        self._store, self._clock, self._events = store, clock, events
        self._next: dict[str, int] = {}
        self._vouchers = 0

    def order(self, company: str, number: str) -> Record:
        return self._store.sets[HEADERS].get(company, number)

    def lines(self, company: str, number: str) -> list[Record]:
        return self._store.sets[LINES].beginning_with(company, number)

    def create(self, company: str, given: Values, *, over_api: bool = False, checked: bool = True) -> Record:
        """A header; its number follows the company's series where none is given. Errors: WriteRefused."""
        account = given.get("OrderVendorAccountNumber", "")
        if not account:
            raise errors.refused(_HEADER, "Field 'Vendor account' must be filled in.", table="PurchTable")
        vendor = self._store.sets["VendorsV2"].find(company, account)
        if vendor is None:
            raise errors.not_related(_HEADER, account, "Vendor account", "Vendors")
        if checked and vendor.values["OnHoldStatus"] in ("All", "PurchOrder"):
            raise errors.refused(_HEADER, f"Vendor account {account} is on hold.", table="PurchTable")
        number = given.get("PurchaseOrderNumber") or self._take_number(company)
        if self._store.sets[HEADERS].find(company, number):
            raise errors.exists("PurchTable", "Purchase orders", f"Purchase order: {number}")
        today = noon(self._clock.now().date())
        managed = vendor.values["IsChangeManagementActivated"] == "Yes"
        values: Values = {
            "PurchaseOrderName": vendor.values["VendorOrganizationName"],
            "InvoiceVendorAccountNumber": vendor.values["InvoiceVendorAccountNumber"],
            "CurrencyCode": vendor.values["CurrencyCode"],
            "PaymentTermsName": vendor.values["DefaultPaymentTermsName"],
            "Email": vendor.values["PrimaryEmailAddress"],
            "LanguageId": "en-us",
            "AccountingDate": today,
            "RequestedDeliveryDate": today,
            "PurchaseOrderStatus": "Backorder",
            "DocumentApprovalStatus": "Draft" if managed else "Approved",
            "IsChangeManagementActive": "Yes" if managed else "No",
            "DefaultReceivingSiteId": "1",
            "DefaultReceivingWarehouseId": "11",
            "DeliveryAddressName": "Meridian Trade & Supply",
            "DeliveryAddressStreet": "1 Meridian Plaza",
            "DeliveryAddressCity": "Chicago",
            "DeliveryAddressStateId": "IL",
            "DeliveryAddressZipCode": "60606",
            "DeliveryAddressCountryRegionId": "USA",
            "DeliveryAddressCountryRegionISOCode": "US",
            "DeliveryAddressLocationId": "000000731",
        }
        values |= given | {"dataAreaId": company, "PurchaseOrderNumber": number}
        values["FormattedDeliveryAddress"] = "\n".join(
            (values["DeliveryAddressStreet"], f"{values['DeliveryAddressCity']}, {values['DeliveryAddressStateId']} "
             f"{values['DeliveryAddressZipCode']}", values["DeliveryAddressCountryRegionId"])
        )  # fmt: skip
        return self._store.add(HEADERS, values, over_api=over_api)

    def add_line(self, company: str, given: Values, *, over_api: bool = False, checked: bool = True) -> Record:
        """A line of an order that is there. Errors: WriteRefused for unknown or blocked items."""
        number = given.get("PurchaseOrderNumber", "")
        header = self._store.sets[HEADERS].find(company, number)
        if header is None:
            raise errors.not_related(_LINE, number, "Purchase order", "Purchase orders")
        item = self._item(company, given.get("ItemNumber", ""), checked)
        taken = [line.values["LineNumber"] for line in self.lines(company, number)]
        line_number = given.get("LineNumber") or max(taken, default=0) + 1
        if line_number in taken:
            raise errors.exists("PurchLine", "Purchase order lines", f"Purchase order: {number}, {line_number}")
        vendor = header.values["OrderVendorAccountNumber"]
        described = self._store.sets["VendorProductDescriptionsV2"].beginning_with(
            company, item["ItemNumber"], "", "", "", "", "", vendor
        )
        values: Values = {
            "PurchaseUnitSymbol": item["PurchaseUnitSymbol"],
            "PurchasePrice": item["PurchasePrice"],
            "PurchasePriceQuantity": item["PurchasePriceQuantity"],
            "ExternalItemNumber": described[0].values["VendorProductNumber"] if described else "",
            "LineDescription": item["ProductSearchName"],
            "OrderedPurchaseQuantity": Decimal(1),
            "RequestedDeliveryDate": header.values["RequestedDeliveryDate"],
            "PurchaseOrderLineStatus": "Backorder",
            "DefaultLedgerDimensionDisplayValue": "001-022-",
            "ReceivingSiteId": "1",
            "ReceivingWarehouseId": "11",
            "InventoryLotId": f"{len(self._store.sets[LINES]) + 1:06}-LOT",
        }
        values |= {
            name: value for name, value in header.values.items() if name.startswith("DeliveryAddress") and name in _LINE_KINDS
        }
        values |= given | {"dataAreaId": company, "LineNumber": line_number}
        values["LineAmount"] = _amount(values)
        record = self._store.add(LINES, values, over_api=over_api)
        self._changed(header)
        return record

    def change_header(self, record: Record, given: Values) -> None:
        """Errors: WriteRefused for finalized and invoiced orders."""
        if record.values["DocumentApprovalStatus"] == "Finalized" or record.values["PurchaseOrderStatus"] == "Canceled":
            raise errors.refused(
                _HEADER, f"Purchase order {record.values['PurchaseOrderNumber']} cannot be changed.", table="PurchTable"
            )
        self._store.write(record, given)

    def change_line(self, record: Record, given: Values) -> None:
        """Quantity and price bring a confirmed order back to Approved (to Draft with change management)."""
        if record.values["PurchaseOrderLineStatus"] == "Canceled":
            raise errors.refused(_LINE, "The line has been canceled and cannot be changed.", table="PurchLine")
        if "ItemNumber" in given:
            self._item(record.values["dataAreaId"], given["ItemNumber"], True)
        changed = record.values | given
        self._store.write(record, given | {"LineAmount": _amount(changed)})
        if {"OrderedPurchaseQuantity", "PurchasePrice", "PurchasePriceQuantity", "ItemNumber"} & set(given):
            self._changed(self.order(record.values["dataAreaId"], record.values["PurchaseOrderNumber"]))

    def remove(self, record: Record) -> None:
        """Delete an order that was never confirmed, with its lines. Errors: WriteRefused."""
        company, number = record.key
        if self._store.sets[CONFIRMATIONS].beginning_with(company, number):
            raise errors.refused(
                _HEADER, f"Purchase order {number} has been confirmed and cannot be deleted.", table="PurchTable"
            )
        for line in self.lines(company, number):
            self._store.remove(LINES, line)
        self._store.remove(HEADERS, record)

    # What clerks do.

    def confirm(self, company: str, number: str) -> Record:
        """Write the confirmation journal; an approved order becomes Confirmed and its event is raised. Errors: WriteRefused."""
        header = self.order(company, number)
        if header.values["PurchaseOrderStatus"] == "Canceled" or header.values["DocumentApprovalStatus"] not in (
            "Approved",
            "Confirmed",
        ):
            raise errors.refused(
                _HEADER, f"Purchase order {number} must be approved before it can be confirmed.", table="PurchTable"
            )
        earlier = len(self._store.sets[CONFIRMATIONS].beginning_with(company, number))
        journal, today = f"{number}-{earlier + 1}", noon(self._clock.now().date())
        lines = [line.values for line in self.lines(company, number) if _alive(line.values)]
        self._vouchers += 1
        header_kinds, line_kinds = ENTITIES[CONFIRMATIONS].kinds, ENTITIES[CONFIRMED_LINES].kinds
        confirmed = {name: value for name, value in header.values.items() if name in header_kinds} | {
            "ConfirmationNumber": journal,
            "ConfirmationDate": today,
            "ConfirmationVoucherNumber": f"PCON-{self._vouchers:06}",
            "PurchaseOrderDocumentReference": header.values["VendorOrderReference"],
            "SubTotalAmount": sum((line["LineAmount"] for line in lines), Decimal(0)),
            "TotalConfirmedAmount": sum((line["LineAmount"] for line in lines), Decimal(0)),
            "TotalQuantity": sum((line["OrderedPurchaseQuantity"] for line in lines), Decimal(0)),
        }
        record = self._store.add(CONFIRMATIONS, confirmed)
        for line in lines:
            kept = {name: value for name, value in line.items() if name in line_kinds}
            kept["MainAccountIdDisplayValue"] = "" if line["ItemNumber"] else FREIGHT
            accounts = {name: header.values[name] for name in ("OrderVendorAccountNumber", "InvoiceVendorAccountNumber")}
            self._store.add(CONFIRMED_LINES, kept | accounts | {"ConfirmationNumber": journal, "ConfirmationDate": today})
        self._store.write(header, {"DocumentApprovalStatus": "Confirmed"})
        self._events.raise_event(CONFIRMED, company, {
            "PurchaseJournal": journal,
            "PurchaseOrderDate": _slashed(header.values["AccountingDate"]),
            "PurchaseOrderNumber": number,
            "PurchaseType": "Purch",
            "TransactionCurrencyAmount": confirmed["TotalConfirmedAmount"],
            "TransactionCurrencyCode": header.values["CurrencyCode"],
            "VendorAccount": header.values["OrderVendorAccountNumber"],
        })  # fmt: skip
        return record

    def approve(self, company: str, number: str, state: str = "Approved") -> None:
        """Move an order through its review: Draft, InReview, Rejected, Approved, InExternalReview, Finalized."""
        self._store.write(self.order(company, number), {"DocumentApprovalStatus": state})

    def cancel(self, company: str, number: str) -> None:
        """Cancel an order with all its lines; it stays where it is."""
        for line in self.lines(company, number):
            self._store.write(line, {"PurchaseOrderLineStatus": "Canceled"})
        self._store.write(self.order(company, number), {"PurchaseOrderStatus": "Canceled"})

    def cancel_line(self, company: str, number: str, line_number: int, *, deleted: bool = False) -> None:
        """A cancelled or deleted line stays among the lines."""
        line = self._store.sets[LINES].get(company, number, line_number)
        self._store.write(line, {"IsDeleted": "Yes"} if deleted else {"PurchaseOrderLineStatus": "Canceled"})
        self._changed(self.order(company, number))

    def move(self, company: str, number: str, status: str) -> None:
        """Received, then Invoiced: the order and its living lines."""
        for line in self.lines(company, number):
            if _alive(line.values):
                self._store.write(line, {"PurchaseOrderLineStatus": status})
        self._store.write(self.order(company, number), {"PurchaseOrderStatus": status})
        if status == "Received":
            fields = {
                "PurchaseOrderNumber": number,
                "VendorAccount": self.order(company, number).values["OrderVendorAccountNumber"],
            }
            self._events.raise_event("PurchaseOrderReceivedBusinessEvent", company, fields)

    def _changed(self, header: Record) -> None:
        if header.values["DocumentApprovalStatus"] == "Confirmed":
            managed = header.values["IsChangeManagementActive"] == "Yes"
            self._store.write(header, {"DocumentApprovalStatus": "Draft" if managed else "Approved"})

    def _item(self, company: str, number: str, checked: bool) -> Values:
        record = self._store.sets["ReleasedProductsV2"].find(company, number)
        if record is None:
            raise errors.not_related(_LINE, number, "Item number", "Items")
        if checked and record.values["ProductLifecycleStateId"] == "Obsolete":
            raise errors.refused(_LINE, f"Item '{number}' is blocked for 'Purchase order'.", table="PurchLine")
        return record.values

    def _take_number(self, company: str) -> str:
        self._next[company] = self._next.get(company, 0) + 1
        number = self._next[company]
        return f"{number:08}" if company == "usmf" else f"{company.upper()}-{number:06}"


_LINE_KINDS = ENTITIES[LINES].kinds


def _alive(line: Values) -> bool:
    return bool(line["PurchaseOrderLineStatus"] != "Canceled" and line["IsDeleted"] == "No")


def _amount(line: Values) -> Decimal:
    per = line["PurchasePriceQuantity"] or Decimal(1)
    gross: Decimal = line["OrderedPurchaseQuantity"] * line["PurchasePrice"] / per
    net: Decimal = (gross - line.get("LineDiscountAmount", Decimal(0))) * (
        1 - line.get("LineDiscountPercentage", Decimal(0)) / 100
    )
    return net.quantize(_CENT, ROUND_HALF_UP)


def _slashed(day: str) -> str:
    """A calendar date as events write it: its midnight."""
    at = dt.datetime.fromisoformat(day).replace(hour=0)
    return f"/Date({int(at.timestamp() * 1000)})/"
