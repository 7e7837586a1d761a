"""What a sync integration says of its flows: which deals become orders, by which fields, and what an order needs besides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.schedules import POLL_EVERY_S

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""A field of an object, as its API name is written (`ERP_Code__c`)."""
FieldPath = Annotated[str, StringConstraints(pattern=r"^(Product2\.)?[A-Za-z][A-Za-z0-9_]*$")]
OptionalFieldName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$")]

PROPOSED = "sap"
"""Written where SAP's own proposal is to count."""


def _proposed(value: object) -> object:
    return None if value == PROPOSED else value


SapProposes = BeforeValidator(_proposed)
_AS_WRITTEN = WithJsonSchema({"anyOf": [{"type": "integer"}, {"const": PROPOSED}]})


class OrderDefaults(Model):
    """What an order in SAP needs and a deal does not say. `sap` where SAP's proposal for business partner and item is meant."""

    tax_code: Annotated[str | None, SapProposes] = Field(description="tax code of the lines, or sap")
    payment_terms: Annotated[int | None, SapProposes, _AS_WRITTEN] = Field(
        description="number of the payment terms (GroupNumber), or sap"
    )
    series: Annotated[int | None, SapProposes, _AS_WRITTEN] = Field(
        description="number of the numbering series of sales orders, or sap"
    )
    tax_field: Literal["TaxCode", "VatGroup"] = Field(
        "TaxCode", description="line field that takes tax_code: TaxCode in the US and Canada, VatGroup elsewhere"
    )
    warehouse: str | None = Field(None, description="warehouse of the lines; the item's where left out")
    sales_employee: int | None = Field(None, description="number of the sales employee; the business partner's where left out")


class ReadsChanges(Model):
    """Of every flow that reads what changed of a kind of record."""

    poll_every_s: int = Field(
        POLL_EVERY_S, ge=5, le=86_400, description="how often the system that it reads is asked for changes"
    )
    missing_hold_h: float = Field(
        24, ge=0, le=720, description="how long reading waits for a record that is listed and not given out"
    )


class OpportunitiesFlow(ReadsChanges):
    """Won opportunities become sales orders."""

    to: Literal["orders"]
    send_from: date = Field(description="go-live: deals whose close date lies before are recorded and become no orders")
    stages: tuple[str, ...] = Field((), description="only won deals of these stages (StageName); all that are won where empty")
    types: tuple[str, ...] = Field((), description="only deals of these types (Type)")
    record_types: tuple[str, ...] = Field((), description="only deals of these record types (RecordTypeId)")
    amount_min: Decimal | None = Field(None, ge=0, description="only deals of at least this amount")
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = Field(
        "",
        description="ISO code of the currency of an org that knows one only, read of the org where left out; deals of others state theirs",
    )
    item_without_lines: str = Field(
        "", description="item code that stands for a deal without products; such a deal is on hold else"
    )
    customer_code: FieldName = Field("AccountNumber", description="field of the account that holds the customer's code in SAP")
    item_code: FieldPath = Field(
        "ProductCode", description="field of the line, or of its product (Product2.NAME), that holds the item's code in SAP"
    )
    customer_order_number: OptionalFieldName = Field(
        "", description="field of the opportunity that holds the customer's own order number, for NumAtCard"
    )
    after_sending: Literal["ignore", "on_hold"] = Field(
        "on_hold", description="what a change to a deal does whose order exists: a person is asked, or nothing"
    )


class StatusFields(Model):
    """Fields of a record that take how far an order has come; one that is not named is not written."""

    status: OptionalFieldName = Field("", description="field that takes open, partly delivered, delivered, closed or cancelled")
    ordered_quantity: OptionalFieldName = Field(
        "", description="field that takes the quantity that was ordered, all lines together"
    )
    delivered_quantity: OptionalFieldName = Field(
        "", description="field that takes the quantity that was delivered, less what came back"
    )
    open_quantity: OptionalFieldName = Field("", description="field that takes the quantity still to be delivered")
    ordered_amount: OptionalFieldName = Field("", description="field that takes the amount of the order, without tax")
    delivered_amount: OptionalFieldName = Field("", description="field that takes the amount that was delivered, without tax")
    open_amount: OptionalFieldName = Field("", description="field that takes the amount still to be delivered, without tax")
    last_delivery_number: OptionalFieldName = Field("", description="field that takes the number of the last delivery")
    last_delivery_date: OptionalFieldName = Field("", description="date field that takes the day of the last delivery")
    tracking_number: OptionalFieldName = Field("", description="field that takes the newest tracking number of a delivery")
    invoice_numbers: OptionalFieldName = Field("", description="field that takes the numbers of the order's invoices")
    invoiced_amount: OptionalFieldName = Field("", description="field that takes the amount that was invoiced, tax included")
    credited_amount: OptionalFieldName = Field("", description="field that takes the amount of credit notes, tax included")
    paid_amount: OptionalFieldName = Field("", description="field that takes what was paid of the invoices")
    payment_status: OptionalFieldName = Field("", description="field that takes open, partly paid, paid, overdue or credited")
    due_date: OptionalFieldName = Field("", description="date field that takes the day by which the next payment is due")
    as_of: OptionalFieldName = Field("", description="field that takes the moment of writing")

    @property
    def written(self) -> Mapping[str, str]:
        """Fields by what they take; empty where it is not written."""
        return {name: getattr(self, name) for name in StatusFields.model_fields}


class OrderRecord(StatusFields):
    """Salesforce's own Order of a deal, where the org has orders."""

    number: FieldName = Field(
        "ERP_Order_Number__c",
        description="field of Order that takes SAP's order number, marked External ID and Unique; or OrderNumber, where both are one",
    )
    create: bool = Field(True, description="make one for a deal that has none; else only those that are there are told")
    draft_status: str = Field("Draft", description="value of Status that an order is made with")

    @model_validator(mode="after")
    def _numbered_by_us(self) -> Self:
        if self.number == "OrderNumber" and self.create:
            raise ValueError(
                "order makes orders, and Salesforce gives OrderNumber itself; name a field of yours as number, or set create: false"
            )
        return self


class InvoiceRecord(Model):
    """Salesforce's Invoice, where the org is licensed for it. The API makes none: those that bear SAP's number are told."""

    number: FieldName = Field(
        "ERP_Invoice__c", description="field of Invoice that holds SAP's invoice number, marked External ID and Unique"
    )
    paid_amount: OptionalFieldName = Field("", description="field that takes what was paid of the invoice")
    open_amount: OptionalFieldName = Field("", description="field that takes what is still to be paid")
    payment_status: OptionalFieldName = Field("", description="field that takes open, partly paid, paid, overdue or credited")
    due_date: OptionalFieldName = Field("", description="date field that takes the day by which it is due")
    as_of: OptionalFieldName = Field("", description="field that takes the moment of writing")

    @property
    def written(self) -> Mapping[str, str]:
        """As of `StatusFields`, the number's field among them."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class OrdersFlow(StatusFields, ReadsChanges):
    """Numbers of those orders go back onto their opportunities, with what was delivered, invoiced and paid."""

    to: Literal["opportunities"]
    order_number: FieldName = Field("ERP_Order_Number__c", description="field of the opportunity that takes SAP's order number")
    order: OrderRecord | None = Field(None, description="Salesforce's Order, where it is to be told too")
    invoice: InvoiceRecord | None = Field(None, description="Salesforce's Invoice, where it is to be told too")


class AccountsFlow(ReadsChanges):
    """Accounts become business partners: found, changed in what Salesforce owns of them, or created."""

    to: Literal["business_partners"]
    series: Annotated[int | None, SapProposes, _AS_WRITTEN] = Field(
        description="number of the numbering series of customers, or sap"
    )
    group: Annotated[int | None, SapProposes, _AS_WRITTEN] = Field(description="number of new customers' group, or sap")
    payment_terms: Annotated[int | None, SapProposes, _AS_WRITTEN] = Field(
        description="number of new customers' payment terms (GroupNumber), or sap"
    )
    with_won_deal: bool = Field(
        True, description="only accounts that have a won opportunity, or a customer code already; all of the rule else"
    )
    types: tuple[str, ...] = Field((), description="only accounts of these types (Type)")
    record_types: tuple[str, ...] = Field((), description="only accounts of these record types (RecordTypeId)")
    lead_types: tuple[str, ...] = Field(
        ("Prospect",), description="types that have bought nothing yet: leads in SAP, until a deal of theirs is won"
    )
    match_by: tuple[Literal["link", "account_id", "customer_code"], ...] = Field(
        ("link", "account_id", "customer_code"),
        min_length=1,
        description="how an account's business partner is found, in this order: by our reference in it, by the account's id in "
        "`account_id_field`, by the customer code of the account",
    )
    account_id_field: Annotated[str, StringConstraints(pattern=r"^(U_[A-Za-z0-9_]+)?$")] = Field(
        "", description="user field of business partners that takes the account's id, and by which they are found"
    )
    card_code: Annotated[str, StringConstraints(pattern=r"^(?:[^{}]*\{[A-Za-z][A-Za-z0-9_]*\}[^{}]*)*$")] = Field(
        "",
        description="codes of new customers, made of fields of the account (SF{Number__c}); the series numbers them where empty",
    )
    tax_number: OptionalFieldName = Field("", description="field of the account that holds the tax number")


class ContactsFlow(ReadsChanges):
    """Contacts of customers become contact persons of their business partners."""

    to: Literal["contact_employees"]


class ContactEmployeesFlow(ReadsChanges):
    """Contact persons of customers become contacts of their accounts."""

    to: Literal["contacts"]
    external_id: FieldName = Field(
        "ERP_Code__c",
        description="field of the contact, marked External ID and Unique, that takes the customer's code and the person's number",
    )


class CustomersFlow(ReadsChanges):
    """Customers that people entered in SAP become accounts."""

    to: Literal["accounts"]
    external_id: FieldName = Field(
        "ERP_Code__c", description="field of the account, marked External ID and Unique, that takes the customer's code"
    )
    groups: tuple[int, ...] = Field((), description="numbers of customer groups (GroupCode) that are told; all where empty")


class PriceRow(Model):
    """One price list of SAP and the price book that takes its prices in one currency."""

    price_list: int = Field(ge=1, description="number of the price list in SAP (PriceListNo)")
    price_book: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        "Standard", description="price book in Salesforce: Standard, its name, or its id"
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO code of the prices' currency; what the list states in another one is on hold"
    )


class ItemPrices(Model):
    """Prices of items become price book entries."""

    external_id: FieldName = Field(
        "ERP_Price__c", description="field of the price book entry, marked External ID and Unique, that takes our key of it"
    )
    lists: tuple[PriceRow, ...] = Field(min_length=1, description="which price list goes into which price book, a row each")

    @model_validator(mode="after")
    def _one_price_each(self) -> Self:
        taken = [(row.price_book.casefold(), row.currency) for row in self.lists]
        if len(taken) > len(set(taken)):
            raise ValueError("prices fills one price book twice in the same currency; an entry has one price")
        return self


class SalesItemsFlow(ReadsChanges):
    """Items that are for sale become products."""

    to: Literal["products"]
    external_id: FieldName = Field(
        "ERP_Item__c", description="field of the product, marked External ID and Unique, that takes the item's code"
    )
    prices: ItemPrices | None = Field(None, description="price lists that become entries of price books; none where left out")


class CustomerCodesFlow(ReadsChanges):
    """Codes of business partners that were made or found for an account go back onto it."""

    to: Literal["accounts"]


class BalanceFields(Model):
    """Fields of the account that take what its customer owes. Amounts are gross, in `currency`."""

    balance: FieldName = Field(
        "ERP_Balance__c", description="field of the account that takes the balance of the customer's account"
    )
    credit_limit: OptionalFieldName = Field("", description="field that takes the credit limit")
    overdue: OptionalFieldName = Field("", description="field that takes what is left of invoices that were due before today")
    open_invoices: OptionalFieldName = Field(
        "", description="field that takes what is left of invoices and down payment invoices, less open credit notes"
    )
    oldest_due_date: OptionalFieldName = Field("", description="field that takes the earliest due date of an open invoice")
    open_orders: OptionalFieldName = Field("", description="field that takes what is ordered and not delivered yet")
    last_payment_date: OptionalFieldName = Field(
        "", description="date field that takes the day of the last incoming payment; of the last 365 days"
    )
    status: OptionalFieldName = Field(
        "", description="field that takes Active, or Blocked while SAP takes no orders of the customer"
    )
    currency: OptionalFieldName = Field("", description="field that takes the currency of the amounts, as its ISO code")
    as_of: OptionalFieldName = Field("", description="field that takes the moment at which SAP was read")

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are written."""
        return tuple(filter(None, self.model_dump().values()))


class ReceivablesFlow(Model):
    """What customers owe goes onto their accounts."""

    to: Literal["account_balances"]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO code of the company's own currency in SAP, which balances are kept in"
    )
    customer_code: FieldName = Field("AccountNumber", description="field of the account that holds the customer's code in SAP")
    fields: BalanceFields = BalanceFields()
    without_account: Literal["on_hold", "ignore"] = Field(
        "on_hold", description="what becomes of a customer whom no account is of: a person is asked, or it is left out"
    )
    poll_every_s: int = Field(
        300, ge=5, le=86_400, description="how often SAP is asked whose balance moved; every customer is read daily"
    )


class SyncFlows(Model):
    """The flows that are on, by what they begin at; one that is left out is off.

    None has the name of reference data that is read by what changed: watermarks are kept by name.
    """

    accounts: AccountsFlow | None = None
    customer_codes: CustomerCodesFlow | None = None
    customers: CustomersFlow | None = None
    contacts: ContactsFlow | None = None
    contact_employees: ContactEmployeesFlow | None = None
    sales_items: SalesItemsFlow | None = None
    opportunities: OpportunitiesFlow
    orders: OrdersFlow | None = None
    receivables: ReceivablesFlow | None = None

    @model_validator(mode="after")
    def _codes_of_something(self) -> Self:
        if self.customer_codes is not None and self.accounts is None:
            raise ValueError("customer_codes tells accounts the codes of their business partners; give the flow accounts too")
        if self.accounts is not None and len(set(self.accounts.match_by)) < len(self.accounts.match_by):
            raise ValueError("accounts names a way twice in match_by")
        return self

    @model_validator(mode="after")
    def _fields_apart(self) -> Self:
        if (back := self.orders) is not None:
            named = list(filter(None, (back.order_number, *back.written.values())))
            if len(named) > len(set(named)):
                raise ValueError("orders writes two things into one field; name a field for each")
            if self.opportunities.customer_order_number in named:
                raise ValueError("orders writes into the field that holds the customer's order number; name another one")
        if (owed := self.receivables) is not None:
            if len(owed.fields.names) > len(set(owed.fields.names)):
                raise ValueError("receivables writes two things into one field; name a field for each")
            if {owed.customer_code, self.opportunities.customer_code} & set(owed.fields.names):
                raise ValueError("receivables writes into the field that holds the customer's code; name another one")
        return self
