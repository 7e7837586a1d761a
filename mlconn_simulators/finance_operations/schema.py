"""The data entities: sets, keys, properties and enums. An exclamation mark: the server keeps it.

Kinds: text, day (a calendar date as noon UTC), number, int, guid, or the name of an enum. Source: the fact sheet's section 4. Where it
names no entity set, the set's name is from memory: ProductNumberIdentifiedBarcodes, Units. The two sets of the general journal, whose
columns are the tables' own, and formats and parameters of dimensions are as in classes that were generated from live metadata.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from mlconn_simulators.odata.metadata import DescribedType, metadata_text

Values = dict[str, Any]
NAMESPACE = "Microsoft.Dynamics.DataEntities"
NO_DAY = "1900-01-01T12:00:00Z"
NO_GUID = "00000000-0000-0000-0000-000000000000"

ENUMS: dict[str, tuple[str, ...]] = {
    "NoYes": ("No", "Yes"),
    "PurchStatus": ("None", "Backorder", "Received", "Invoiced", "Canceled"),
    "VersioningDocumentState": ("Draft", "InReview", "Rejected", "Approved", "InExternalReview", "Confirmed", "Finalized"),
    "VendInvoiceRequestStatus": ("Draft", "Submitted", "InReview", "Approved"),
    "PurchInvoiceLineType": ("Standard", "NonPO"),
    "CustVendorBlocked": ("No", "Invoice", "All", "Payment", "Requisition", "Never", "PurchOrder"),
    "CheckInvoiceNumberUsed": ("NoDuplicate", "NoDuplicateInYear", "AcceptDuplicate", "WarnDuplicate"),
    "CurrentOperationsTax": ("Current", "Operations", "Tax"),
    "LedgerJournalACType": ("Ledger", "Cust", "Vend", "Project", "FixedAssets", "Bank"),
    "EcoResProductType": ("Item", "Service"),
    "DimensionHierarchyType": (
        "AccountStructure",
        "DataEntityDefaultDimensionFormat",
        "DataEntityLedgerDimensionFormat",
        "DataEntityBudgetDimensionFormat",
    ),
    "DimensionSegmentDelimiter": (
        "Hyphen",
        "Period",
        "Underscore",
        "Bar",
        "DoubleHypen",
        "DoublePeriod",
        "DoubleUnderscore",
        "DoubleBar",
        "Tilde",
        "DoubleTilde",
    ),
}
_DELIVERY = (
    "DeliveryAddressName:text DeliveryAddressStreet:text DeliveryAddressStreetNumber:text DeliveryAddressCity:text "
    "DeliveryAddressStateId:text DeliveryAddressZipCode:text DeliveryAddressCountyId:text DeliveryAddressCountryRegionId:text "
    "DeliveryAddressCountryRegionISOCode:text DeliveryAddressDunsNumber:text DeliveryAddressLocationId:text"
)
_HEADER = (
    "dataAreaId:text PurchaseOrderNumber:text PurchaseOrderName:text OrderVendorAccountNumber:text InvoiceVendorAccountNumber:text "
    "CurrencyCode:text AccountingDate:day RequestedDeliveryDate:day ConfirmedDeliveryDate:day FixedDueDate:day "
    "DeliveryTermsId:text DeliveryModeId:text PaymentTermsName:text VendorPaymentMethodName:text VendorOrderReference:text "
    f"BuyerGroupId:text ContactPersonId:text Email:text AttentionInformation:text LanguageId:text {_DELIVERY} "
    "FormattedDeliveryAddress:text! SalesTaxGroupCode:text CashDiscountCode:text CashDiscountPercentage:number "
    "TotalDiscountPercentage:number"
)
_LINE = (
    "dataAreaId:text PurchaseOrderNumber:text LineNumber:int ItemNumber:text ExternalItemNumber:text Barcode:text "
    "LineDescription:text OrderedPurchaseQuantity:number PurchaseUnitSymbol:text PurchasePrice:number "
    "PurchasePriceQuantity:number LineAmount:number LineDiscountAmount:number LineDiscountPercentage:number "
    "FixedPriceCharges:number RequestedDeliveryDate:day ConfirmedDeliveryDate:day RequestedShippingDate:day "
    "ConfirmedShippingDate:day ReceivingSiteId:text ReceivingWarehouseId:text ProductColorId:text ProductSizeId:text "
    "ProductStyleId:text ProductConfigurationId:text ProductVersionId:text ItemBatchNumber:text ItemSerialNumber:text "
    "ProcurementProductCategoryName:text CustomerReference:text CustomerRequisitionNumber:text SalesTaxGroupCode:text "
    f"SalesTaxItemGroupCode:text DefaultLedgerDimensionDisplayValue:text {_DELIVERY} FormattedDelveryAddress:text!"
)
_VENDOR = (
    "dataAreaId:text VendorAccountNumber:text VendorOrganizationName:text VendorSearchName:text VendorGroupId:text "
    "CurrencyCode:text InvoiceVendorAccountNumber:text DefaultPaymentTermsName:text DefaultVendorPaymentMethodName:text "
    "SalesTaxGroupCode:text TaxExemptNumber:text DUNSNumber:text VendorDUNSNumber:text OurAccountNumber:text "
    "PrimaryEmailAddress:text PrimaryPhoneNumber:text AddressStreet:text AddressCity:text AddressStateId:text "
    "AddressZipCode:text AddressCountryRegionId:text AddressCountryRegionISOCode:text FormattedPrimaryAddress:text! "
    "OnHoldStatus:CustVendorBlocked VendorPortalCollaborationMethod:text IsChangeManagementActivated:NoYes"
)
_AMOUNTS = (
    "TotalConfirmedAmount:number! SubTotalAmount:number! TotalTaxAmount:number! TotalChargeAmount:number! "
    "TotalDiscountAmount:number! TotalLineDiscountAmount:number! TotalQuantity:number! TotalRoundOffAmount:number! "
    "TotalNetWeight:number! TotalNetVolume:number!"
)
_DECLARED = {
    "PurchaseOrderHeadersV2": (
        "PurchPurchaseOrderHeaderV2Entity", "dataAreaId PurchaseOrderNumber",
        f"""{_HEADER} PurchaseOrderStatus:PurchStatus! DocumentApprovalStatus:VersioningDocumentState! OrdererPersonnelNumber:text
        RequesterPersonnelNumber:text PurchaseOrderPoolId:text DefaultReceivingSiteId:text DefaultReceivingWarehouseId:text
        InvoiceAddressStreet:text InvoiceAddressCity:text InvoiceAddressState:text InvoiceAddressZipCode:text
        InvoiceAddressCountryRegionId:text ArePricesIncludingSalesTax:NoYes IsChangeManagementActive:NoYes ReasonCode:text
        ReasonComment:text ProjectId:text ShippingCarrierId:text TransportationDocumentLineId:guid""",
    ),
    "PurchaseOrderLinesV2": (
        "PurchPurchaseOrderLineV2Entity", "dataAreaId PurchaseOrderNumber LineNumber",
        f"""{_LINE} PurchaseOrderLineStatus:PurchStatus! AllowedOverdeliveryPercentage:number
        AllowedUnderdeliveryPercentage:number InventoryLotId:text! IsDeleted:NoYes! WorkflowState:text!""",
    ),
    "PurchaseOrderConfirmationHeaders": (
        "PurchPurchaseOrderConfirmationHeaderEntity", "dataAreaId PurchaseOrderNumber ConfirmationNumber ConfirmationDate",
        f"""{_HEADER} ConfirmationNumber:text ConfirmationDate:day ConfirmationVoucherNumber:text
        PurchaseOrderDocumentReference:text {_AMOUNTS}""",
    ),
    "PurchaseOrderConfirmationLines": (
        "PurchPurchaseOrderConfirmationLineEntity",
        "dataAreaId PurchaseOrderNumber ConfirmationNumber ConfirmationDate LineNumber",
        f"""{_LINE} ConfirmationNumber:text ConfirmationDate:day OrderVendorAccountNumber:text InvoiceVendorAccountNumber:text
        MainAccountIdDisplayValue:text TotalLineSalesTaxAmount:number""",
    ),
    "VendorInvoiceHeaders": (
        "VendorInvoiceHeaderEntity", "dataAreaId HeaderReference",
        """dataAreaId:text HeaderReference:text InvoiceNumber:text InvoiceAccount:text VendorAccount:text VendorName:text
        InvoiceDate:day Date:day DueDate:day DocumentNumber:text InvoiceDescription:text Currency:text PurchaseOrderNumber:text
        InvoiceReceivedDate:day TermsOfPayment:text MethodOfPayment:text PaymentSpecification:text PaymentSchedule:text
        PaymentId:text BankAccount:text SalesTaxGroup:text SalesTaxRounding:number InvoiceRoundOff:number ImportedAmount:number
        ImportedSalesTax:number CashDiscount:number CashDiscountCode:text CashDiscountDate:day DiscountPercentage:number
        TotalDiscount:number ChargesGroup:text DimensionDisplayValue:text Site:text Warehouse:text PostingProfile:text
        NumberSequenceGroup:text IsOnHold:NoYes IsApproved:NoYes HeaderOnlyImport:NoYes
        VendorInvoiceReviewStatus:VendInvoiceRequestStatus VendorInvoiceType:text Comment:text Log:text
        ApproverPersonnelNumber:text""",
    ),
    "VendorInvoiceLines": (
        "VendorInvoiceLineEntity", "dataAreaId HeaderReference InvoiceLineNumber",
        """dataAreaId:text HeaderReference:text InvoiceLineNumber:number ItemNumber:text LineDescription:text ItemName:text
        ReceiveNow:number Unit:text UnitPrice:number PriceUnit:number NetAmount:number Discount:number DiscountPercent:number
        PurchaseOrder:text PurchLineNumber:int ProcurementCategoryName:text ProcurementCategoryHierarchyName:text
        MainAccountDisplayValue:text Currency:text InvoiceAccount:text VendorAccount:text SalesTaxGroup:text ItemSalesTax:text
        InventorySiteId:text InventoryWarehouseId:text ProductColorId:text ProductSizeId:text ProductStyleId:text
        ProductConfigurationId:text ProductVersionId:text DimensionDisplayValue:text LineType:PurchInvoiceLineType
        CloseForReceipt:NoYes LineNumber:int""",
    ),
    "VendorsV2": ("VendVendorV2Entity", "dataAreaId VendorAccountNumber", _VENDOR),
    "VendorsV3": ("VendVendorV3Entity", "dataAreaId VendorAccountNumber", _VENDOR),
    "CustomersV3": (
        "CustCustomerV3Entity", "dataAreaId CustomerAccount",
        """dataAreaId:text CustomerAccount:text OrganizationName:text CustomerGroupId:text SalesCurrencyCode:text PaymentTerms:text
        InvoiceAccount:text TaxExemptNumber:text AddressStreet:text AddressCity:text AddressState:text AddressZipCode:text
        AddressCountryRegionId:text SiteId:text WarehouseId:text PrimaryContactEmail:text PrimaryContactPhone:text PartyNumber:text""",
    ),
    "ReleasedProductsV2": (
        "EcoResReleasedProductV2Entity", "dataAreaId ItemNumber",
        """dataAreaId:text ItemNumber:text ProductNumber:text SearchName:text ProductSearchName:text ProductType:EcoResProductType
        ProductGroupId:text PurchaseUnitSymbol:text InventoryUnitSymbol:text SalesUnitSymbol:text PurchasePrice:number
        PurchasePriceQuantity:number SalesPrice:number UnitCost:number PrimaryVendorAccountNumber:text BarcodeSetupId:text
        ProductLifecycleStateId:text""",
    ),
    "VendorProductDescriptionsV2": (
        "VendVendorProductDescriptionV2Entity",
        """dataAreaId ItemNumber ProductColorId ProductConfigurationId ProductSizeId ProductStyleId ProductVersionId
        VendorAccountNumber ProductDescriptionVendorGroupId""",
        """dataAreaId:text ItemNumber:text ProductColorId:text ProductConfigurationId:text ProductSizeId:text ProductStyleId:text
        ProductVersionId:text VendorAccountNumber:text ProductDescriptionVendorGroupId:text VendorProductNumber:text
        VendorProductDescription:text""",
    ),
    "ProductNumberIdentifiedBarcodes": (
        "EcoResProductNumberIdentifiedBarcodeEntity", "ProductNumber Barcode",
        "ProductNumber:text Barcode:text BarcodeSetupId:text ProductQuantityUnitSymbol:text",
    ),
    "Units": (
        "UnitOfMeasureEntity", "UnitSymbol",
        "UnitSymbol:text UnitClass:text DecimalPrecision:int SystemOfUnits:text NationalCode:text",
    ),
    "MainAccounts": (
        "MainAccountEntity", "ChartOfAccounts MainAccountId",
        """ChartOfAccounts:text MainAccountId:text Name:text MainAccountType:text MainAccountCategory:text IsSuspended:NoYes
        DoNotAllowManualEntry:NoYes ActiveFrom:day ActiveTo:day""",
    ),
    "MainAccountLegalEntities": (
        "MainAccountLegalEntityEntity", "MainAccountId ChartOfAccounts LegalEntityId",
        """MainAccountId:text ChartOfAccounts:text LegalEntityId:text IsSuspended:NoYes ActiveFrom:day ActiveTo:day
        DoNotAllowManualEntry:NoYes SalesTaxCode:text DefaultDimensionDisplayValue:text FixedDimensionsDisplayValue:text""",
    ),
    "FinancialDimensionValues": (
        "FinancialDimensionValueEntity", "FinancialDimension LegalEntityId DimensionValue",
        """FinancialDimension:text LegalEntityId:text DimensionValue:text Description:text ActiveFrom:day ActiveTo:day
        IsSuspended:NoYes IsTotal:NoYes IsBlockedForManualEntry:NoYes GroupDimension:text Owner:text""",
    ),
    "DimensionIntegrationFormats": (
        "DimensionIntegrationFormatEntity", "DimensionFormatName DimensionFormatType",
        """DimensionFormatName:text DimensionFormatType:DimensionHierarchyType IsActive:NoYes FinancialDimensionFormat:text""",
    ),
    "DimensionParameters": (
        "DimensionParametersEntity", "Key", "Key:int DimensionSegmentDelimiter:DimensionSegmentDelimiter",
    ),
    "LedgerJournalHeaders": (
        "LedgerJournalHeaderEntity", "dataAreaId JournalBatchNumber",
        """dataAreaId:text JournalBatchNumber:text JournalName:text Description:text IsPosted:NoYes!
        PostingLayer:CurrentOperationsTax AccountingCurrency:text JournalTotalDebit:number! JournalTotalCredit:number!""",
    ),
    "LedgerJournalLines": (
        "LedgerJournalLineEntity", "dataAreaId JournalBatchNumber LineNumber",
        """dataAreaId:text JournalBatchNumber:text LineNumber:number AccountType:LedgerJournalACType AccountDisplayValue:text
        OffsetAccountType:LedgerJournalACType OffsetAccountDisplayValue:text DebitAmount:number CreditAmount:number
        CurrencyCode:text TransDate:day Text:text Document:text Invoice:text Voucher:text ExchRate:number""",
    ),
    "VendInvoiceJourBiEntities": (
        "VendInvoiceJourBiEntity", "dataAreaId SourceKey",
        """dataAreaId:text SourceKey:int InvoiceId:text InternalInvoiceId:text InvoiceDate:day DueDate:day DocumentDate:day
        InvoiceAccount:text OrderAccount:text PurchId:text LedgerVoucher:text CurrencyCode:text InvoiceAmount:number
        InvoiceAmountMst:number""",
    ),
    "GeneralJournalEntryBiEntities": (
        "GeneralJournalEntryBiEntity", "JournalNumber FiscalCalendarYear Ledger",
        """JournalNumber:text FiscalCalendarYear:int Ledger:int SourceKey:int AccountingDate:day DocumentDate:day DocumentNumber:text
        PostingLayer:CurrentOperationsTax SubledgerVoucher:text SubledgerVoucherDataAreaId:text""",
    ),
    "GeneralJournalAccountEntryBiEntities": (
        "GeneralJournalAccountEntryBiEntity", "SourceKey",
        """SourceKey:int GeneralJournalEntry:int LedgerAccount:text IsCredit:NoYes IsCorrection:NoYes Text:text
        AccountingCurrencyAmount:number TransactionCurrencyAmount:number TransactionCurrencyCode:text""",
    ),
    "VendorParameters": (
        "VendParametersEntity", "dataAreaId", "dataAreaId:text IsCheckInvoiceNumberUsed:CheckInvoiceNumberUsed",
    ),
}  # fmt: skip
NAVIGATION = {"VendorInvoiceHeaders": {"VendorInvoiceLine": ("VendorInvoiceLines", ("dataAreaId", "HeaderReference"))}}
"""Navigation properties: their set, and the properties that both sides share."""
WRITABLE = (
    "PurchaseOrderHeadersV2", "PurchaseOrderLinesV2", "VendorInvoiceHeaders", "VendorInvoiceLines", "LedgerJournalHeaders",
    "LedgerJournalLines", "VendorParameters",
)  # fmt: skip
"""The sets that clients can write here; in life nearly all can be."""
_EMPTY = {"text": "", "day": NO_DAY, "number": Decimal(0), "int": 0, "guid": NO_GUID}


@dataclass(frozen=True)
class Entity:
    """kinds: property to its kind, a name of ENUMS among them. read_only: a client's value for it is refused."""

    set_name: str
    name: str
    key: tuple[str, ...]
    kinds: dict[str, str]
    read_only: frozenset[str]

    @property
    def by_company(self) -> bool:
        return "dataAreaId" in self.kinds

    def defaults(self) -> Values:
        """What a record holds where nothing was written; enums stand at their first symbol."""
        return dict(self._defaults)

    @cached_property
    def _defaults(self) -> Values:
        return {name: _EMPTY[kind] if kind in _EMPTY else ENUMS[kind][0] for name, kind in self.kinds.items()}

    @cached_property
    def filter_kinds(self) -> dict[str, str]:
        """Kinds as filters know them; companies compare whatever their case."""
        known = {"text": "text", "day": "datetime", "number": "number", "int": "int", "guid": "guid"}
        kinds = {name: known.get(kind, f"enum {kind}") for name, kind in self.kinds.items()}
        return kinds | ({"dataAreaId": "text ignoring case"} if self.by_company else {})


def _entity(set_name: str, name: str, key: str, declared: str) -> Entity:
    pairs = [each.split(":") for each in declared.split()]
    kinds = {property_name: kind.rstrip("!") for property_name, kind in pairs}
    read_only = frozenset(property_name for property_name, kind in pairs if kind.endswith("!"))
    return Entity(set_name, name, tuple(key.split()), kinds, read_only)


ENTITIES = {set_name: _entity(set_name, *declared) for set_name, declared in _DECLARED.items()}


def metadata() -> str:
    """What `/data/$metadata` answers."""
    edm = {"text": "Edm.String", "day": "Edm.DateTimeOffset", "number": "Edm.Decimal", "int": "Edm.Int64", "guid": "Edm.Guid"}
    types = []
    for entity in ENTITIES.values():
        properties = {name: edm.get(kind, f"{NAMESPACE}.{kind}") for name, kind in entity.kinds.items()}
        linked = NAVIGATION.get(entity.set_name, {})
        links = {name: f"Collection({NAMESPACE}.{ENTITIES[set_name].name})" for name, (set_name, _) in linked.items()}
        types.append(DescribedType(entity.name, entity.key, properties, {}, links))
    return metadata_text(NAMESPACE, types, {name: entity.name for name, entity in ENTITIES.items()}, ENUMS)
