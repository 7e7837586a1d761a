"""Why a document or file is held, refused or noted: every reason code with what it means and what cures it.

One enum for all of them, since they are written in one place and read in many: revival (`ledger/reprocessing.py`), listings,
`mlconn explain`, docs/findings.md. What the X12 engine finds in a file is another thing: `x12/findings.py`.
A new code is a member here; a test fails for one that is written as a bare string.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

DefaultSeverity = Literal["reject", "accept_with_error", "ignore"]


class Cure(StrEnum):
    """What makes a reason go away. The first three bring documents back by themselves. words: in a list; advice: what to do."""

    words: str
    advice: str

    def __new__(cls, code: str, words: str, advice: str) -> Cure:
        member = str.__new__(cls, code)
        member._value_ = code
        member.words, member.advice = words, advice
        return member

    # fmt: off
    REFERENCE_DATA = ("reference_data", "reference data",
        "Correct the business partner, item, unit, currency, cost assignment or account in the ERP: "
        "what waits for it is checked again once it was read there.")
    CONFIGURATION = ("configuration", "configuration",
        "Correct the partner's or the integration's file, then restart: what waits is checked again.")
    RECORD = ("record", "record",
        "Correct the record in the ERP: what goes out is read again by itself; what was received is replayed then.")
    PARTNER = ("partner", "the partner", "Ask the trading partner to correct it and to send again: that is another document.")
    PERSON = ("person", "a person", "Decide about it: approve, dismiss or reprocess it.")
    SYSTEM = ("system", "the other system", "Look at the other system, which refused it or did not say what became of it.")
    TIME = ("time", "time", "Wait: the program tries again by itself.")
    # fmt: on


_REF, _CONF, _RECORD, _PARTNER = Cure.REFERENCE_DATA, Cure.CONFIGURATION, Cure.RECORD, Cure.PARTNER
_PERSON, _SYSTEM, _TIME = Cure.PERSON, Cure.SYSTEM, Cure.TIME
_REJECT: DefaultSeverity = "reject"
_NOTE: DefaultSeverity = "accept_with_error"
_IGNORE: DefaultSeverity = "ignore"


class Reason(StrEnum):
    """A member is its code. severity: unless the place that finds it, or the partner's `x12.severities`, says otherwise."""

    severity: DefaultSeverity
    meaning: str
    cures: frozenset[Cure]

    def __new__(cls, code: str, severity: DefaultSeverity, meaning: str, *cures: Cure) -> Reason:
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity, member.meaning, member.cures = severity, meaning, frozenset(cures)
        return member

    # fmt: off
    # business partners
    PARTNER_UNKNOWN = ("partner_unknown", _REJECT,
        "The sender or receiver is no trading partner of ours, or the ERP has no such business partner.", _REF, _CONF, _RECORD)
    PARTNER_FILE_WRONG = ("partner_file_wrong", _REJECT,
        "The partner's file has a mistake, which stops the partner and nobody else.", _CONF)
    PARTNER_INACTIVE = ("partner_inactive", _REJECT,
        "The business partner is inactive, blocked or on hold in the ERP.", _REF, _RECORD, _CONF)
    PARTNER_TYPE_MISMATCH = ("partner_type_mismatch", _REJECT,
        "The business partner is a customer where a supplier is needed, or the other way round.", _CONF, _REF)
    PARTNER_CODE_MISSING = ("partner_code_missing", _REJECT,
        "The partner file names no code of the kind that the ERP needs for this order.", _CONF)
    SHIP_TO_UNKNOWN = ("ship_to_unknown", _REJECT,
        "The place to deliver to is not known in the partner file, or not among the business partner's addresses.", _CONF, _REF)
    WAREHOUSE_INACTIVE = ("warehouse_inactive", _REJECT, "The warehouse that goods are ordered for is inactive in the ERP.", _REF, _RECORD)
    SHIP_TO_NOT_LINKED = ("ship_to_not_linked", _NOTE,
        "The place to deliver to is no address that the ERP knows; the address is taken as stated.", _REF, _CONF)
    ADDRESS_SHORTENED = ("address_shortened", _NOTE,
        "An address does not fit into the other side's fields; what was left out is said.", _RECORD, _REF)
    ADDRESS_UNSTRUCTURED = ("address_unstructured", _NOTE,
        "The ERP has the address as one text only; its parts are written as far as they can be told apart.", _RECORD, _REF)

    # items and units
    ITEM_MISSING = ("item_missing", _REJECT, "A line has no item number.", _RECORD, _CONF)
    ITEM_UNKNOWN = ("item_unknown", _REJECT,
        "No item is known under this number: not in the ERP, nor under the partner's numbers.", _REF, _CONF, _RECORD)
    ITEM_INACTIVE = ("item_inactive", _REJECT, "The item is inactive or blocked in the ERP.", _REF, _RECORD, _CONF)
    ITEM_AMBIGUOUS = ("item_ambiguous", _REJECT, "The number means several items.", _REF, _CONF)
    PARTNER_NUMBER_AMBIGUOUS = ("partner_number_ambiguous", _REJECT,
        "The partner has several numbers for the item, or for this variant of it, and nothing says which one to write.",
        _REF, _CONF, _RECORD)
    VARIANT_UNKNOWN = ("variant_unknown", _REJECT,
        "The ERP has no such variant of the item (color, size, configuration ...), or it was not read.", _REF, _CONF, _RECORD)
    VARIANT_NOT_NUMBERED = ("variant_not_numbered", _NOTE,
        "No number of the partner's is for this variant of the item; only the description tells which one is meant.", _REF, _CONF)
    ITEM_NUMBERS_DISAGREE = ("item_numbers_disagree", _NOTE,
        "The numbers on one line mean different items; the one that is tried first counts.", _REF, _CONF, _PARTNER)
    ITEM_NOT_FOR_ORDER = ("item_not_for_order", _REJECT,
        "The item is not for sale, or not for purchase, as this order would need it.", _REF, _CONF)
    ITEM_CODE_TOO_LONG = ("item_code_too_long", _REJECT, "The item number is longer than the X12 limit.", _RECORD, _CONF, _REF)
    PRODUCT_ID_MISSING = ("product_id_missing", _REJECT,
        "The item has none of the numbers that the partner wants: neither theirs nor a barcode.", _REF, _CONF, _RECORD)
    BARCODE_INVALID = ("barcode_invalid", _NOTE, "The item's barcode is no valid GTIN; it is not sent.", _REF)
    UNIT_UNKNOWN = ("unit_unknown", _REJECT,
        "The unit has no agreement with the partner, or no factor by which it can be converted exactly.", _CONF, _REF, _RECORD)
    UNIT_DIFFERS = ("unit_differs", _REJECT,
        "The unit is another than the order's, and the factor between them is unknown.", _CONF, _REF, _PARTNER, _PERSON)

    # amounts and currencies
    CURRENCY_UNKNOWN = ("currency_unknown", _REJECT, "The currency is not among the ERP's.", _REF, _RECORD, _CONF)
    CURRENCY_WITHOUT_ISO_CODE = ("currency_without_iso_code", _REJECT, "The ERP's currency has no ISO 4217 code.", _REF, _RECORD, _CONF)
    CURRENCY_DIFFERS = ("currency_differs", _REJECT,
        "The document's currency is another than the order's or the business partner's.", _PERSON, _PARTNER, _REF, _CONF)
    LINE_CURRENCY_DIFFERS = ("line_currency_differs", _REJECT,
        "A line is in another currency than its document, which X12 cannot say.", _RECORD, _CONF)
    TOTAL_DOES_NOT_ADD_UP = ("total_does_not_add_up", _REJECT,
        "Lines, taxes, allowances and charges make another total than the one stated.", _RECORD, _PARTNER, _PERSON, _REF, _CONF)
    PRICE_DIFFERS = ("price_differs", _REJECT, "The supplier's price is another than the order's.", _PERSON, _PARTNER, _RECORD, _CONF)
    PRICE_MISSING = ("price_missing", _NOTE, "The order states no price; the ERP's price list decides.", _PARTNER)
    PRICE_ROUNDED = ("price_rounded", _NOTE,
        "In the ERP's unit and with its decimals, the line amounts to a little more or less.", _CONF, _REF)
    ALLOWANCE_NOT_POSTED = ("allowance_not_posted", _NOTE,
        "An allowance or charge is not posted as money: it stands in the remarks only, to be entered by hand.", _PERSON)

    CHARGE_WITHOUT_ACCOUNT = ("charge_without_account", _REJECT,
        "An allowance or charge has no account to be entered on, and without it the invoice would not make its total.",
        _CONF, _PERSON)
    STATED_WITHOUT_AMOUNT = ("stated_without_amount", _REJECT,
        "An allowance, charge or tax is stated by percentage or rate only, and the total does not show what it comes to.",
        _PERSON, _PARTNER, _CONF)
    INVOICE_TYPE = ("invoice_type", _REJECT,
        "The invoice is of a type (BIG07) other than a debit, such as a consolidated invoice or a memo.", _PERSON, _CONF)
    CREDIT_NOT_HANDLED = ("credit_not_handled", _REJECT,
        "The invoice is a credit, marked as one or below zero, which is not entered by itself.", _PERSON)

    # orders
    NO_LINES = ("no_lines", _REJECT, "The document has no line that can be used.", _RECORD, _PARTNER, _REF, _CONF)
    ACCOUNT_WITHOUT_CODE = ("account_without_code", _REJECT,
        "The account of the deal names no customer code of the ERP.", _PERSON, _RECORD, _CONF)
    ACCOUNT_DELETED = ("account_deleted", _REJECT,
        "The account of the deal was deleted, or merged into another one that the deal does not name yet.", _RECORD, _PERSON)
    CUSTOMER_WITHOUT_ACCOUNT = ("customer_without_account", _REJECT,
        "No account has the code of a customer who owes something.", _PERSON, _SYSTEM, _CONF)
    ACCOUNT_NOT_UNIQUE = ("account_not_unique", _REJECT,
        "Several accounts have the code of one customer, so that nobody knows which is meant.", _PERSON, _SYSTEM, _CONF)
    ACCOUNT_CODE_DIFFERS = ("account_code_differs", _REJECT,
        "The account names another customer code than that of the business partner which belongs to it.", _PERSON)
    CUSTOMER_MAY_EXIST = ("customer_may_exist", _REJECT,
        "A business partner in the ERP has the same name or tax number as a new customer, and is named.", _PERSON, _RECORD)
    RECORD_NOT_THERE = ("record_not_there", _REJECT,
        "The record that something became, or was found to be, is not found in the other system any more.", _PERSON, _RECORD)
    FIELD_CHANGED_ELSEWHERE = ("field_changed_elsewhere", _REJECT,
        "Somebody changed a field on the side that does not decide it, and the settings say that a person is asked before it is "
        "written over.", _PERSON, _RECORD)
    CONTACT_MAY_EXIST = ("contact_may_exist", _REJECT,
        "A contact of the same account has the name or mail address of a person, and is named.", _PERSON, _RECORD)
    CONTACT_NOT_THERE = ("contact_not_there", _REJECT,
        "The contact that a contact person had is gone, merged or of another account, or a contact's person is gone.", _PERSON, _RECORD)
    PRODUCT_WITHOUT_CODE = ("product_without_code", _REJECT,
        "A product of the deal names no item code of the ERP.", _PERSON, _RECORD, _CONF)
    ORIGIN_UNKNOWN = ("origin_unknown", _REJECT,
        "The order's reference names a document that the ledger does not have, so that nobody knows which deal it came from.", _PERSON)
    SEVERAL_ORDERS_OF_DEAL = ("several_orders_of_deal", _REJECT,
        "The deal has several orders in Salesforce, and none of them bears the ERP's number.", _PERSON, _CONF)
    NO_ORDERS_TAKEN = ("no_orders_taken", _REJECT, "This ERP takes no orders from outside; enter it by hand.", _PERSON)
    PURPOSE_NOT_SUPPORTED = ("purpose_not_supported", _REJECT,
        "The document is a change, cancellation or copy, and only originals are handled.", _PERSON, _CONF)
    ORDER_TYPE_NOT_FIRM = ("order_type_not_firm", _REJECT,
        "The order type (BEG02) is not that of a firm order: a blanket, a copy, a confirmation, a consignment.", _PERSON, _PARTNER, _CONF)
    SPLIT_BY_STORE = ("split_by_store", _REJECT,
        "A line is for several stores (SDQ, or N1 with QTY); `orders.several_stores` does not say what then, or the parts make no whole.",
        _PERSON, _PARTNER, _CONF)
    DIVIDED_BY_STORE = ("divided_by_store", _NOTE,
        "The order became one for each of its stores, as the partner file has it; what becomes of them is theirs.", _CONF)
    SPLIT_BY_SCHEDULE = ("split_by_schedule", _REJECT,
        "A line is wanted on several days (SCH); `orders.schedules` does not say what becomes of it, or the parts make no whole.",
        _PERSON, _PARTNER, _CONF)
    HAS_COMPONENTS = ("has_components", _REJECT,
        "A line names what it is made of (SLN), which is not carried into the order.", _PERSON, _CONF)
    LINE_SHIP_TO = ("line_ship_to", _REJECT,
        "A line goes to another place than the order, and `orders.several_stores` of the partner file does not say what becomes of it.",
        _PERSON, _CONF)
    PACK_DIFFERS = ("pack_differs", _REJECT,
        "The partner packs another number into the unit that a line is ordered in (PO4) than we do.", _PERSON, _PARTNER, _REF, _CONF)
    ORDER_TOTAL_DIFFERS = ("order_total_differs", _NOTE,
        "The order's lines make another amount or quantity than the order states (AMT*TT, CTT02).", _PARTNER, _PERSON)
    OTHER_DATES = ("other_dates", _NOTE,
        "The order or a line states further days than the one that the ERP has a field for; they are named.", _PERSON)
    PRICE_OF_OTHERS = ("price_of_others", _NOTE,
        "A line states a price that somebody else pays, such as a resale price (CTP); it is not what the line costs.", _PARTNER)
    SEVERAL_SHIP_TOS = ("several_ship_tos", _REJECT,
        "The order names several places to deliver to, and nothing says what goes where.", _PERSON, _PARTNER, _CONF)
    PRICE_BASIS = ("price_basis", _REJECT,
        "The price is stated for something else than one of the unit (PO105, IT105), or is no price.", _PERSON, _PARTNER, _CONF)
    PRICE_TOO_SMALL = ("price_too_small", _REJECT,
        "The other system keeps so few decimals that it would take the price for 0.", _PERSON, _SYSTEM, _RECORD)
    PRICE_ELSEWHERE = ("price_elsewhere", _REJECT,
        "What a line costs does not follow from its prices (PO104, CTP, PO3): they contradict each other, or say nothing of it.",
        _PERSON, _PARTNER, _CONF)
    LIST_PRICE_DIFFERS = ("list_price_differs", _REJECT,
        "A price of the order is further from the ERP's own than `orders.list_price_tolerance_percent` of the partner file allows.",
        _PERSON, _PARTNER, _CONF, _RECORD)
    PRICE_NEGATIVE = ("price_negative", _REJECT, "The price of a line is below zero.", _PARTNER, _PERSON, _CONF)

    QUANTITY_NOT_EXACT = ("quantity_not_exact", _REJECT,
        "A quantity has more decimals than the ERP's field takes; rounded, it would be another.", _PARTNER, _CONF)
    QUANTITY_NOT_POSITIVE = ("quantity_not_positive", _REJECT, "An ordered quantity is zero or below.", _PARTNER, _CONF)
    ORDER_NUMBER_MISSING = ("order_number_missing", _REJECT, "The customer's order number is missing.", _RECORD, _CONF)
    ORDER_NUMBER_TOO_LONG = ("order_number_too_long", _REJECT,
        "The order number is longer than the other side takes.", _RECORD, _PARTNER, _CONF)
    ORDER_NUMBER_IN_CAPITALS = ("order_number_in_capitals", _NOTE,
        "The ERP keeps the order number in capitals, unlike the partner.", _PARTNER)
    DELIVERY_DATE_MISSING = ("delivery_date_missing", _NOTE, "The order states no delivery date; the order date is taken.", _PARTNER)
    DELIVERY_DATE_BEFORE_ORDER = ("delivery_date_before_order", _NOTE,
        "The delivery date lies before the order date, which is taken instead.", _PARTNER)
    DEADLINE = ("deadline", _NOTE, "The order names a day after which it is void, for which the ERP has no field.", _PERSON)
    DECIDES_UNREAD = ("decides_unread", _REJECT,
        "The set says more of what is ordered, shipped or billed, where to, when or at which price, than is read yet.",
        _PERSON, _PARTNER, _CONF)
    NOT_CARRIED_OVER = ("not_carried_over", _IGNORE,
        "The set says more than the record has a place for: every segment of it is named.", _PERSON, _CONF)
    NOTES_SHORTENED = ("notes_shortened", _NOTE, "The order's notes are longer than the ERP's field.", _PERSON)

    # what suppliers answer to orders
    ORDER_UNKNOWN = ("order_unknown", _REJECT,
        "The document refers to an order that we have not sent to this partner.", _PARTNER, _PERSON, _TIME, _CONF)
    ORDER_GONE = ("order_gone", _REJECT,
        "The order that it refers to is no longer open in the ERP: completed, invoiced in full, or deleted.", _PERSON, _RECORD)
    ORDER_CANCELLED = ("order_cancelled", _REJECT, "The order that it refers to is cancelled in the ERP.", _PERSON, _RECORD, _CONF)
    ORDER_CLOSED = ("order_closed", _NOTE,
        "The order is closed in the ERP; the dates that the supplier confirms are not written.", _RECORD)
    ORDER_REJECTED = ("order_rejected", _REJECT, "The supplier rejects the whole order.", _PERSON, _CONF)
    ORDER_ON_HOLD = ("order_on_hold", _NOTE, "The supplier holds the order.", _PARTNER, _TIME)
    ORDER_OF_OTHER_SUPPLIER = ("order_of_other_supplier", _REJECT,
        "One ship notice names orders of several suppliers.", _PARTNER, _PERSON, _CONF)
    LINE_UNKNOWN = ("line_unknown", _REJECT, "A stated line fits no line of the order.", _PARTNER, _PERSON, _REF, _CONF, _RECORD)
    LINE_REJECTED = ("line_rejected", _REJECT, "The supplier rejects a line of the order.", _PERSON, _CONF)
    LINE_NEEDS_A_LOOK = ("line_needs_a_look", _NOTE,
        "The supplier's status of a line changes nothing by itself, and a buyer should know of it.", _PERSON)
    CHARGES_ANNOUNCED = ("charges_announced", _NOTE,
        "The supplier's answer to an order states charges, allowances or taxes.", _PERSON, _PARTNER)
    LINE_NOT_ANSWERED = ("line_not_answered", _NOTE, "An order line is not among those that the supplier answers.", _PARTNER, _PERSON)
    QUANTITY_DIFFERS = ("quantity_differs", _REJECT,
        "The partner's quantity is another than the order's or the ship notice's.", _PERSON, _PARTNER, _RECORD, _REF, _CONF)
    INVOICED_BEFORE = ("invoiced_before", _REJECT,
        "The supplier has invoiced so much of an order line before that this is more than was ordered.", _PERSON, _PARTNER, _RECORD, _CONF)
    SEVERAL_ORDERS_SHIPPED = ("several_orders_shipped", _REJECT,
        "The delivery ships several orders, and what it becomes, here or at the partner, names one only.", _RECORD, _PERSON, _CONF)
    OVER_SHIPPED = ("over_shipped", _REJECT, "More was shipped than ordered.", _PERSON, _PARTNER, _RECORD, _REF, _CONF)
    SHORT_SHIPPED = ("short_shipped", _IGNORE, "Less was shipped than ordered.", _PARTNER)
    NO_DELIVERY_DATE = ("no_delivery_date", _NOTE,
        "A date of the supplier is no day of delivery, such as cancel-after, and is not written to the order.", _PARTNER)
    SPLIT_SCHEDULE = ("split_schedule", _NOTE, "The supplier delivers a line on several days; the last one counts.", _PERSON)
    SSCC_INVALID = ("sscc_invalid", _NOTE, "A package number is no SSCC.", _PARTNER)
    SSCC_REPEATED = ("sscc_repeated", _NOTE, "Several packages bear one number, in this ship notice or with one before.", _PARTNER)

    # cost assignments
    DIMENSION_INACTIVE = ("dimension_inactive", _REJECT,
        "The line's distribution rule is of a dimension that is switched off.", _REF, _RECORD, _CONF)
    COST_ASSIGNMENT_UNKNOWN = ("cost_assignment_unknown", _REJECT, "The line's distribution rule is not in the ERP.", _REF, _RECORD, _CONF)
    COST_ASSIGNMENT_OF_OTHER_DIMENSION = ("cost_assignment_of_other_dimension", _REJECT,
        "The line's distribution rule belongs to another dimension.", _RECORD, _REF, _CONF)
    COST_ASSIGNMENT_INACTIVE = ("cost_assignment_inactive", _REJECT, "The line's distribution rule is inactive.", _REF, _RECORD, _CONF)
    COST_CENTRE_UNKNOWN = ("cost_centre_unknown", _REJECT,
        "The line's distribution rule leads to a profit centre that is not in the ERP.", _REF, _RECORD, _CONF)
    COST_CENTRE_INACTIVE = ("cost_centre_inactive", _REJECT,
        "The line's distribution rule leads to a profit centre that is inactive.", _REF, _RECORD, _CONF)

    # dimensions and accounts
    DIMENSION_VALUE_UNKNOWN = ("dimension_value_unknown", _REJECT,
        "The line carries a value that its dimension does not have in the ERP.", _REF, _RECORD, _CONF)
    DIMENSION_VALUE_INACTIVE = ("dimension_value_inactive", _REJECT,
        "The line's dimension value is a total, blocked, or not in use on the document's day.", _REF, _RECORD, _CONF)
    ACCOUNT_UNKNOWN = ("account_unknown", _REJECT, "The line's account is not in the ERP's chart of accounts.", _REF, _RECORD, _CONF)
    ACCOUNT_NOT_POSTABLE = ("account_not_postable", _REJECT,
        "The line's account is a heading or total, which nothing is posted to.", _REF, _RECORD, _CONF)
    ACCOUNT_INACTIVE = ("account_inactive", _REJECT,
        "The line's account is blocked, or not in use on the document's day.", _REF, _RECORD, _CONF)

    # records of the ERP
    RECORD_UNREADABLE = ("record_unreadable", _REJECT,
        "The ERP's record is not in the form that its documentation promises.", _RECORD, _SYSTEM)
    RECORD_GONE = ("record_gone", _REJECT, "The record has left the ERP before it was sent.", _PERSON, _RECORD)
    KEY_UNREADABLE = ("key_unreadable", _REJECT,
        "A row of the ERP's listing has no key, or one that cannot be kept, so that its record cannot be read.", _RECORD, _PERSON)
    INTERNAL_ERROR = ("internal_error", _REJECT,
        "The program fell over this document, record or file, and went on with the others.", _RECORD, _CONF, _PERSON)
    NOT_MAPPED = ("not_mapped", _REJECT, "The record could not be turned into a document.", _RECORD, _REF, _CONF)
    NOT_POSTED = ("not_posted", _REJECT, "The invoice is a draft and is sent once it is posted.", _RECORD, _CONF)
    CORRECTIVE_INVOICE = ("corrective_invoice", _REJECT, "The invoice was part of a correction.", _PERSON, _CONF)
    CANCELLED = ("cancelled", _IGNORE, "The record was cancelled in the ERP before it was sent.", _RECORD)
    BEFORE_START = ("before_start", _IGNORE,
        "The document is dated before the flow's `send_from` and leaves only when somebody names it.", _PERSON, _RECORD)
    CHANGED_AFTER_SENDING = ("changed_after_sending", _REJECT,
        "The record was changed in the ERP after it had been sent; nothing was sent again.", _PERSON)
    CANCELLED_AFTER_SENDING = ("cancelled_after_sending", _REJECT,
        "The record was cancelled in the ERP after it had been sent; the partner has to be told.", _PERSON)
    CHANGED_AFTER_DISMISSAL = ("changed_after_dismissal", _REJECT,
        "The record was changed in the ERP after somebody had dismissed the document.", _PERSON)
    CHANGES_WHAT_WAS_REJECTED = ("changes_what_was_rejected", _REJECT,
        "It changes a document that the partner rejected in the meantime.", _PERSON)

    # received files
    FILE_TOO_LARGE = ("file_too_large", _REJECT,
        "The file has more bytes than `flows.inbound.file_size_max_mb` allows; it was not read and stays where it is.",
        _CONF, _PARTNER, _PERSON)
    FILE_UNUSABLE = ("file_unusable", _REJECT,
        "Cleo lists the file under an id that cannot be kept, so that it cannot be asked for.", _PARTNER, _PERSON)
    NO_INTERCHANGE = ("no_interchange", _REJECT, "The file holds no X12 interchange (no ISA).", _PARTNER, _PERSON)
    INTERCHANGE_INCOMPLETE = ("interchange_incomplete", _REJECT, "The file ends before its interchange does.", _PARTNER, _PERSON)
    INTERCHANGE_REFUSED = ("interchange_refused", _REJECT,
        "The envelope of an interchange is at fault: nothing of it can be used.", _PARTNER, _CONF)
    INTERCHANGE_WITH_ERRORS = ("interchange_with_errors", _NOTE, "The partner's TA1 notes errors in the envelope of what we sent.", _CONF)
    USAGE_DIFFERS = ("usage_differs", _REJECT,
        "Test data came on a production route, or production data on a test route (ISA15).", _PARTNER, _CONF)
    SYNTAX_REFUSED = ("syntax_refused", _REJECT,
        "The transaction set does not keep to X12 or to the partner's guide; our 997 or 999 refuses it.", _PARTNER, _CONF)
    CONTROL_NUMBER_REUSED = ("control_number_reused", _REJECT,
        "The partner used a control number again for another content.", _PARTNER, _PERSON)
    BUSINESS_DUPLICATE = ("business_duplicate", _REJECT,
        "The partner has sent a document of this number before, under another control number.", _PERSON, _PARTNER)
    GROUP_FOR_OTHERS = ("group_for_others", _REJECT,
        "The group is addressed to another receiver (GS03) than us.", _PARTNER, _PERSON, _CONF)
    SET_NOT_LISTED = ("set_not_listed", _REJECT, "The partner's file does not name the set under `sends`.", _CONF, _PERSON)
    SET_NOT_HANDLED = ("set_not_handled", _REJECT, "The set was read and answered, but no flow handles sets of this kind yet.", _PERSON)

    # acknowledgments and advices
    ACKNOWLEDGMENT_UNMATCHED = ("acknowledgment_unmatched", _REJECT,
        "A 997, 999 or TA1 names something that we never sent.", _PARTNER, _PERSON)
    ACKNOWLEDGED_WITH_ERRORS = ("acknowledged_with_errors", _NOTE,
        "The partner's 997 or 999 notes errors in what we sent.", _RECORD, _CONF)
    CONTRARY_ACKNOWLEDGMENT = ("contrary_acknowledgment", _REJECT, "A later acknowledgment says the opposite of an earlier one.", _PARTNER)
    REJECTED_BY_PARTNER = ("rejected_by_partner", _REJECT, "The partner rejects what we sent.", _RECORD, _CONF, _REF, _PERSON)
    ADVICE = ("advice", _NOTE, "The partner's 824 says this about what we sent.", _RECORD, _CONF, _PERSON)
    ADVICE_UNMATCHED = ("advice_unmatched", _REJECT, "An 824 names a document that we never sent.", _PARTNER, _PERSON)

    # rendering and delivery
    SECOND_OPINION = ("second_opinion", _REJECT, "A second X12 reader finds fault with what we wrote.", _RECORD, _REF, _CONF)
    BODY_TEMPLATE = ("body_template", _REJECT,
        "The body template of the API Provider names a value that the document does not have.", _CONF)
    FILE_NAME = ("file_name", _REJECT, "The file's name has a form that Cleo does not take.", _RECORD, _CONF)
    FILE_NAME_TAKEN = ("file_name_taken", _REJECT, "A file of that name lies in the Cleo folder already.", _SYSTEM, _PERSON)
    TRY_LATER = ("try_later", _IGNORE, "The other system could not take it now; it is tried again by itself.", _TIME)
    OUTCOME_UNKNOWN = ("outcome_unknown", _REJECT, "No answer came, so that nobody knows whether it arrived.", _SYSTEM, _PERSON)

    # posting
    FAILED_REPEATEDLY = ("failed_repeatedly", _REJECT,
        "The other system answered with an error each time it was tried, while it took other documents; its words stand beside it.",
        _SYSTEM, _PERSON)
    STORED_TWICE = ("stored_twice", _REJECT,
        "The ERP holds more than one record with our reference: a request that was given up for lost was carried out late.",
        _PERSON)
    ENTERED_ONLY = ("entered_only", _REJECT,
        "It was entered in the ERP and not posted there; the sentence beside it says why.", _PERSON, _SYSTEM)
    REFUSED = ("refused", _REJECT, "It was refused; the sentence beside it says why.", _PERSON, _REF, _CONF, _RECORD)
    REFUSED_BY_SERVER = ("refused_by_server", _REJECT,
        "The other system refuses the data, in the words beside it.", _SYSTEM, _PERSON, _REF, _CONF)
    REFERENCE_UNKNOWN = ("reference_unknown", _REJECT, "The ERP does not find a record that the document names.", _REF, _CONF, _PERSON)
    RECORD_EXISTS = ("record_exists", _REJECT, "The ERP has a record of that key already.", _PERSON, _SYSTEM)
    VALUE_NOT_TAKEN = ("value_not_taken", _REJECT,
        "The ERP stored the record and passed over a field of it, which is named.", _PERSON, _SYSTEM, _CONF)
    VALUE_TOO_LONG = ("value_too_long", _REJECT,
        "A value is longer than the ERP's field, or holds characters that it does not keep; cut, it would be another value.",
        _PARTNER, _PERSON, _CONF)
    INVOICE_EXISTS = ("invoice_exists", _REJECT, "The ERP has an invoice of that number of that supplier already.", _PERSON, _SYSTEM)
    TOO_MANY_LINES = ("too_many_lines", _REJECT, "The document has more lines than one request can carry.", _PARTNER, _PERSON)

    # people, and looking back
    DISMISSED = ("dismissed", _IGNORE, "Somebody dismissed it.", _PERSON)
    NOTHING_CHANGED = ("nothing_changed", _REJECT, "It would tell the partner nothing that is new.", _RECORD)
    NOT_TRACEABLE = ("not_traceable", _REJECT, "It cannot be traced from what the ledger holds.", _PERSON)
    FAILED = ("failed", _REJECT, "Trying it once more failed.", _CONF, _PERSON)
    # fmt: on


_BY_CODE = {member.value: member for member in Reason}


def cures_in_order(cures: Iterable[Cure]) -> list[Cure]:
    """As the enum lists them, so that every list of them reads alike."""
    wanted = set(cures)
    return [cure for cure in Cure if cure in wanted]


def reason_named(code: str) -> Reason | None:
    """The member of that code; None for one of another release, or of the X12 engine."""
    return _BY_CODE.get(code)
