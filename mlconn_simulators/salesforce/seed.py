"""The org at its start: users, stages, currencies, and accounts, products and prices out of the shared world."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from mlconn_simulators.salesforce.schema import OBJECTS, Values
from mlconn_simulators.salesforce.store import Record, Store
from mlconn_simulators.salesforce.writing import Writer
from mlconn_simulators.world.model import World

OPEN_STAGE, WON_STAGE = "Negotiation", "Closed Won"
STAGES = (
    ("Prospecting", False, False),
    (OPEN_STAGE, False, False),
    (WON_STAGE, True, True),
    ("Closed Lost", True, False),
)
CURRENCIES = (("USD", "1.0"), ("EUR", "0.9"), ("CAD", "1.35"))


def make_setup(store: Store) -> tuple[str, str]:
    """What no integration writes; gives the ids of the org and of its integration user."""
    user = store.add("User", {"Username": "integration@meridian.example", "Name": "Integration User", "IsActive": True})
    store.user_id = user.id
    store.person_id = store.add("User", {"Username": "seller@meridian.example", "Name": "Dana Reed", "IsActive": True}).id
    store.add("User", {"Username": "left@meridian.example", "Name": "Former Employee", "IsActive": False})
    org = store.add("Organization", {"Name": "Meridian", "DefaultCurrencyIsoCode": "USD"})
    for order, (name, closed, won) in enumerate(STAGES, start=1):
        stage = {"MasterLabel": name, "ApiName": name, "IsActive": True, "IsClosed": closed, "IsWon": won, "SortOrder": order}
        store.add("OpportunityStage", stage)
    for code, rate in CURRENCIES:
        store.add(
            "CurrencyType", {"IsoCode": code, "ConversionRate": Decimal(rate), "IsActive": True, "IsCorporate": code == "USD"}
        )
    store.add("Pricebook2", {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True})
    return org.id, user.id


def make_masters(writer: Writer, store: Store, world: World) -> None:
    """An account with a contact for every customer of the world, and its items with a standard price."""
    (book,) = store.having("Pricebook2", "IsStandard", True)
    for partner in world.partners:
        if not partner.customer_code:
            continue
        place = partner.addresses[0]
        account: Values = {"Name": partner.title, "AccountNumber": partner.customer_code, "Phone": partner.contact_phone}
        account |= {"BillingStreet": place.street, "BillingCity": place.city, "BillingState": place.state}
        account |= {"BillingPostalCode": place.postal_code, "BillingCountry": place.country, "Type": "Customer"}
        made = writer.create(OBJECTS["Account"], account)
        first, _, last = partner.contact_name.rpartition(" ")
        contact = {"AccountId": made.id, "FirstName": first, "LastName": last, "Email": partner.contact_email}
        writer.create(OBJECTS["Contact"], contact)
    for item in world.items:
        product = writer.create(OBJECTS["Product2"], {"Name": item.name, "ProductCode": item.code, "IsActive": item.active})
        price = {"Pricebook2Id": book.id, "Product2Id": product.id, "UnitPrice": item.price, "IsActive": True}
        writer.create(OBJECTS["PricebookEntry"], price)


def make_opportunity(writer: Writer, store: Store, dice: random.Random, stage: str = WON_STAGE, lines: int = 2) -> Record:
    """One deal of some account with so many lines, in this stage."""
    accounts = list(store.all("Account"))
    (book,) = store.having("Pricebook2", "IsStandard", True)
    entries = [each for each in store.having("PricebookEntry", "Pricebook2Id", book.id) if each.values["IsActive"]]
    closes = (store.clock.now() + dt.timedelta(days=dice.randint(0, 30))).date()
    number = len(store.records["Opportunity"]) + 1
    values: Values = {"Name": f"Deal {number}", "AccountId": dice.choice(accounts).id, "CloseDate": closes.isoformat()}
    values |= {"StageName": OPEN_STAGE, "PO_Number__c": f"PO-{number:05d}", "Amount": dice.randint(100, 9_000)}
    deal = writer.create(OBJECTS["Opportunity"], values)
    for entry in dice.sample(entries, min(lines, len(entries))):
        line = {"OpportunityId": deal.id, "PricebookEntryId": entry.id, "Quantity": dice.randint(1, 20)}
        writer.create(OBJECTS["OpportunityLineItem"], line | {"UnitPrice": entry.values["UnitPrice"]})
    writer.update(OBJECTS["Opportunity"], deal, {"StageName": stage})
    return deal


def make_invoices(store: Store, dice: random.Random) -> None:
    """A posted invoice for every account, as Billing makes them: no integration creates one."""
    for number, account in enumerate(store.all("Account"), start=1):
        total = Decimal(dice.randint(100, 90_000)) / 100
        values: Values = {"InvoiceNumber": f"INV-{number:06d}", "BillingAccountId": account.id, "Status": "Posted"}
        store.add("Invoice", values | {"TotalAmount": total, "Balance": total})
