"""Every property name of the entity types, by kind. A star: the server keeps it, a client's value is passed over.

Source: the fact sheet's section 12 (metadata of May 2021) and public listings of newer metadata for the small types.
Country-specific properties are left out, as they are absent at most companies.
"""

from __future__ import annotations

PROPERTIES: dict[str, dict[str, str]] = {
    "Document": {
        "int": (
            "DocEntry* DocNum AttachmentEntry PaymentGroupCode SalesPersonCode TransportationCode ImportFileNum "
            "ContactPersonCode Series FinancialPeriod* TransNum* PaymentBlockEntry InternalCorrectedDocNum "
            "NextCorrectingDocument* NumberOfInstallments DocumentsOwner BPChannelContact BPL_IDAssignedToInvoice "
            "LanguageCode ExtraMonth ExtraDays CashDiscountDateOffset GroupSeries GroupNumber "
            "AnnualInvoiceDeclarationReference Releaser Receiver BlanketAgreementNumber RequesterBranch RequesterDepartment "
            "ReqType RelatedType RelatedEntry POS_CashRegister IssuingReason"
        ),
        "string": (
            "CardCode CardName Address NumAtCard DocCurrency Reference1 Reference2 Comments JournalMemo ShipToCode "
            "Indicator FederalTaxID PaymentReference PaymentMethod Project ExternalCorrectedDocNum AgentCode BPChannelCode "
            "Address2 PeriodIndicator* PayToCode ManualNumber PayToBankCountry PayToBankCode PayToBankAccountNo "
            "PayToBankBranch TrackingNumber PickRemark SeriesString SubSeriesString OpeningRemarks ClosingRemarks "
            "ControlAccount NTSApprovedNumber BPLName* VATRegNum* Supplier Requester RequesterName RequesterEmail "
            "AuthorizationCode ElecCommMessage* DocumentTaxID DownPaymentTrasactionID OriginalRefNo OriginalCreditOrDebitNo "
            "TaxInvoiceNo ShipFrom*"
        ),
        "number": (
            "DocTotal DocRate DiscountPercent VatSum* VatSumSys* VatSumFc* DocTotalFc DocTotalSys* WTApplied* WTAppliedFC* "
            "WTAppliedSC* BaseAmount* BaseAmountSC* BaseAmountFC* WTAmount* WTAmountSC* WTAmountFC* DownPayment "
            "TotalDiscount* DownPaymentAmount DownPaymentPercentage DownPaymentAmountSC DownPaymentAmountFC VatPercent "
            "ServiceGrossProfitPercent RoundingDiffAmount RoundingDiffAmountFC* RoundingDiffAmountSC* TotalDiscountFC* "
            "TotalDiscountSC* PaidToDate"
        ),
        "date": (
            "DocDate DocDueDate TaxDate CreationDate* UpdateDate* RequriedDate CancelDate VatDate ClosingDate "
            "SpecifiedClosingDate AssetValueDate StartDeliveryDate EndDeliveryDate OriginalRefDate "
            "OriginalCreditOrDebitDate TaxInvoiceDate"
        ),
        "time": "DocTime StartDeliveryTime EndDeliveryTime UpdateTime*",
        "yes_no": (
            "HandWritten Confirmed ShowSCN PartialSupply NetProcedure* RevisionPo BlockDunning Submitted* PickStatus* Pick "
            "PaymentBlock MaximumCashDiscount Reserve* Rounding DeferredTax ApplyTaxOnFirstInstallment UseShpdGoodsAct "
            "IsPayToBank ReserveInvoice UseCorrectionVATGroup Cancelled* ArchiveNonremovableSalesQuotation NTSApproved "
            "GroupHandWritten ReopenOriginalDocument ReopenManuallyClosedOrCanceledDocument CreateOnlineQuotation "
            "ApplyCurrentVATRatesForDownPaymentsToDraw OpenForLandedCosts IsAlteration SendNotification ReuseDocumentNum "
            "Revision CommissionTradeReturn UseBillToAddrToDetermineTax"
        ),
        "enum": (
            "DocType Printed SummeryType DocObjectCode WareHouseUpdateType DocumentSubType DocumentStatus* DownPaymentType "
            "StartFrom DownPaymentStatus ClosingOption AuthorizationStatus* CancelStatus* DocumentDelivery ElecCommStatus "
            "InterimType PriceMode CommissionTrade"
        ),
        "collection": (
            "Document_ApprovalRequests DocumentLines ElectronicProtocols DocumentAdditionalExpenses "
            "WithholdingTaxDataWTXCollection WithholdingTaxDataCollection DocumentPackages DocumentSpecialLines "
            "DocumentInstallments DownPaymentsToDraw"
        ),
        "complex": "EWayBillDetails TaxExtension AddressExtension",
    },
    "DocumentLine": {
        "int": (
            "LineNum SalesPersonCode Weight1Unit Weight2Unit BaseType BaseEntry BaseLine PickListIdNumber* ShippingMethod "
            "POTargetNum* POTargetRowNum* Usage VisualOrder GrossBase LocationCode AgreementNo AgreementRowNumber "
            "ActualBaseEntry ActualBaseLine DocEntry* UoMEntry ParentLineNum Incoterms TransportMode AutoCompleteTimes"
        ),
        "string": (
            "ItemCode ItemDescription Currency VendorNum SerialNum WarehouseCode AccountCode SupplierCatNum CostingCode "
            "ProjectCode BarCode VatGroup Address TaxCode OriginalItem* FreeText POTargetEntry* MeasureUnit CountryOrg SWW "
            "Text* COGSCostingCode COGSAccountCode ChangeAssemlyBoMWarehouse CostingCode2 CostingCode3 CostingCode4 "
            "CostingCode5 ItemDetails ExLineNo COGSCostingCode2 COGSCostingCode3 COGSCostingCode4 COGSCostingCode5 "
            "CreditOriginCode ExpenseType ReceiptNumber FederalTaxID LineVendor UoMCode* ShipToCode ShipToDescription "
            "ShipFromCode ShipFromDescription"
        ),
        "number": (
            "Quantity Price PriceAfterVAT Rate DiscountPercent CommisionPercent Weight1 Weight2 PickQuantity* "
            "CorrInvAmountToStock CorrInvAmountToDiffAcct AppliedTax* AppliedTaxFC* AppliedTaxSC* NetTaxAmount* "
            "NetTaxAmountFC* NetTaxAmountSC* UnitsOfMeasurment LineTotal TaxPercentagePerRow TaxTotal TaxPerUnit* "
            "TotalInclTax* RowTotalFC RowTotalSC* LastBuyInmPrice* LastBuyDistributeSumFc* LastBuyDistributeSumSc* "
            "LastBuyDistributeSum* StockDistributesumForeign* StockDistributesumSystem* StockDistributesum* StockInmPrice* "
            "BaseOpenQuantity* UnitPrice PackageQuantity GrossBuyPrice GrossProfitTotalBasePrice RemainingOpenQuantity* "
            "OpenAmount* OpenAmountFC* OpenAmountSC* RequiredQuantity GrossProfit GrossProfitFC GrossProfitSC "
            "InventoryQuantity RemainingOpenInventoryQuantity* GrossPrice GrossTotal GrossTotalFC GrossTotalSC*"
        ),
        "date": "ShipDate ActualDeliveryDate RequiredDate",
        "yes_no": (
            "UseBaseUnits TaxLiable BackOrder WTLiable DeferredTax ConsumerSalesForecast DistributeExpense TaxOnly "
            "WithoutInventoryMovement ConsiderQuantity ThirdParty EnableReturnCost ChangeInventoryQuantityIndependently "
            "FreeOfChargeBP"
        ),
        "enum": (
            "TreeType TaxType CorrectionInvoiceItem TransactionType PickStatusEx* LineStatus LineType ExpenseOperationType "
            "PriceSource* ItemType*"
        ),
        "collection": (
            "LineTaxJurisdictions GeneratedAssets DocumentLineAdditionalExpenses WithholdingTaxLines SerialNumbers "
            "BatchNumbers DocumentLinesBinAllocations"
        ),
    },
    "AddressExtension": {
        "int": "DocEntry*",
        "string": (
            "ShipToStreet ShipToStreetNo ShipToBlock ShipToBuilding ShipToCity ShipToZipCode ShipToCounty ShipToState "
            "ShipToCountry ShipToAddressType BillToStreet BillToStreetNo BillToBlock BillToBuilding BillToCity "
            "BillToZipCode BillToCounty BillToState BillToCountry BillToAddressType ShipToGlobalLocationNumber "
            "BillToGlobalLocationNumber ShipToAddress2 ShipToAddress3 BillToAddress2 BillToAddress3 PlaceOfSupply "
            "PurchasePlaceOfSupply"
        ),
    },
    "DocumentInstallment": {
        "int": "DunningLevel InstallmentId*",
        "number": "Percentage Total TotalFC",
        "date": "DueDate LastDunningDate*",
        "yes_no": "PaymentOrdered*",
    },
    "BusinessPartner": {
        "int": (
            "GroupCode PayTermsGrpCode PriceListNum CommissionGroupCode SalesPersonCode AvarageLate ShippingType "
            "CreditCardCode OpenOpportunities* Priority DunningLevel* PaymentBlockDescription LastMultiReconciliationNum "
            "DefaultTechnician Territory LanguageCode WithholdingTaxDeductionGroup ClosingDateProcedureNumber Industry "
            "Series CampaignNumber DefaultBlanketAgreementNumber AttachmentEntry OwnerCode"
        ),
        "string": (
            "CardCode CardName Address ZipCode MailAddress MailZipCode Phone1 Phone2 Fax ContactPerson Notes FederalTaxID "
            "FreeText Currency RateDiffAccount Cellular City County Country MailCity MailCounty MailCountry EmailAddress "
            "Picture DefaultAccount DefaultBranch DefaultBankCode AdditionalID Pager FatherCard CardForeignName "
            "DeductionOffice ExportCode VatGroup Password Indicator IBAN CreditCardNum DebitorAccount ValidRemarks "
            "FrozenRemarks Block BillToState ShipToState ExemptNum PeymentMethodCode BankCountry HouseBank HouseBankCountry "
            "HouseBankAccount ShipToDefault DME InstructionKey ReferenceDetails HouseBankBranch OwnerIDNumber "
            "LinkedBusinessPartner CertificateNumber WTCode BillToBuildingFloorRoom DownPaymentClearAct ChannelBP "
            "BilltoDefault ShipToBuildingFloorRoom ProjectCode VatGroupLatinAmerica DunningTerm Website "
            "OtherReceivablePayable BankChargesAllocationCode CompanyRegistrationNumber VerificationNumber "
            "DownPaymentInterimAccount PlanningGroup VatIDNum HouseBankIBAN* VATRegistrationNumber RepresentativeName "
            "IndustryType BusinessType InterestAccount FeeAccount AliasName GlobalLocationNumber EDISenderID EDIRecipientID "
            "RelationshipCode UnifiedFederalTaxID AgentCode"
        ),
        "number": (
            "CreditLimit MaxCommitment DiscountPercent DeductionPercent IntrestRatePercent CommissionPercent MinIntrest "
            "CurrentAccountBalance* OpenDeliveryNotesBalance* OpenOrdersBalance*"
        ),
        "date": (
            "DeductionValidUntil CreditCardExpiration ValidFrom ValidTo FrozenFrom FrozenTo DunningDate* ExpirationDate "
            "RelationshipDateFrom RelationshipDateTill UpdateDate* CreateDate*"
        ),
        "time": "UpdateTime* CreateTime*",
        "yes_no": (
            "DeductibleAtSource Valid Frozen BackOrder PartialDelivery BlockDunning CollectionAuthorization SinglePayment "
            "PaymentBlock DeferredTax SubjectToWithholdingTax AccrualCriteria ThresholdOverlook SurchargeOverlook "
            "WithholdingTaxCertified Affiliate UseShippedGoodsAccount NoDiscounts EndorsableChecksFromBP "
            "AcceptsEndorsedChecks BlockSendingMarketingContent UseBillToAddrToDetermineTax"
        ),
        "enum": (
            "CardType VatLiable FatherType CompanyPrivate TaxRoundingRule DiscountBaseObject DiscountRelations "
            "EffectiveDiscount TypeReport AutomaticPosting EffectivePrice ResidenNumber TypeOfOperation PriceMode"
        ),
        "collection": (
            "BPAddresses ContactEmployees BPAccountReceivablePaybleCollection BPPaymentMethods BPWithholdingTaxCollection "
            "BPPaymentDates BPBranchAssignment BPBankAccounts DiscountGroups BPBlockSendingMarketingContents"
        ),
        "complex": "BPIntrastatExtension",
    },
    "BusinessPlace": {
        "int": "BPLID*",
        "string": "BPLName BPLNameForeign VATRegNum FederalTaxID DefaultWarehouseID DefaultCustomerID GlobalLocationNumber",
        "yes_no": "Disabled MainBPL",
    },
    "BPAddress": {
        "int": "RowNum",
        "string": (
            "AddressName Street Block ZipCode City County Country State FederalTaxID TaxCode BuildingFloorRoom AddressName2 "
            "AddressName3 TypeOfAddress StreetNo BPCode GlobalLocationNumber Nationality TaxOffice GSTIN"
        ),
        "date": "CreateDate*",
        "time": "CreateTime*",
        "enum": "AddressType GstType",
    },
    "ContactEmployee": {
        "int": "InternalCode",
        "string": (
            "CardCode Name Position Address Phone1 Phone2 MobilePhone Fax E_Mail Pager Remarks1 Remarks2 Password "
            "PlaceOfBirth Profession Title CityOfBirth FirstName MiddleName LastName EmailGroupCode"
        ),
        "date": "DateOfBirth CreateDate* UpdateDate*",
        "time": "CreateTime* UpdateTime*",
        "yes_no": "Active BlockSendingMarketingContent",
        "enum": "Gender",
        "collection": "ContactEmployeeBlockSendingMarketingContents",
    },
    "Item": {
        "int": (
            "ItemsGroupCode CustomsGroupCode CommissionGroup Manufacturer SalesLengthUnit SalesWeightUnit "
            "PurchaseLengthUnit PurchaseWeightUnit ShipType PurchaseLengthUnit1 PurchaseWeightUnit1 SalesLengthUnit1 "
            "SalesWeightUnit1 OrderIntervals LeadTime OutgoingServiceCode IncomingServiceCode ServiceGroup MaterialGroup "
            "Series ToleranceDays Technician Employee Location UoMGroupEntry InventoryUoMEntry DefaultSalesUoMEntry "
            "DefaultPurchasingUoMEntry InventoryWeightUnit InventoryWeightUnit1 DefaultCountingUoMEntry AttachmentEntry "
            "ServiceCategoryEntry PricingUnit"
        ),
        "string": (
            "ItemCode ItemName ForeignName SalesVATGroup BarCode IncomeAccount ExemptIncomeAccount ExpanseAccount "
            "Mainsupplier SupplierCatalogNo Picture User_Text SerialNum DataExportCode ValidRemarks FrozenRemarks SalesUnit "
            "SalesPackagingUnit PurchaseUnit PurchasePackagingUnit PurchaseVATGroup ForeignRevenuesAccount "
            "ECRevenuesAccount ForeignExpensesAccount ECExpensesAccount DefaultWarehouse SWW WarrantyTemplate ArTaxCode "
            "ApTaxCode BaseUnitName ItemCountryOrg InventoryUOM ProductSource AssetClass AssetGroup InventoryNumber "
            "DepreciationGroup AssetSerialNumber DefaultCountingUnit LinkedResource*"
        ),
        "number": (
            "DesiredInventory MinInventory CommissionPercent CommissionSum QuantityOnStock* QuantityOrderedFromVendors* "
            "QuantityOrderedByCustomers* SalesItemsPerUnit SalesQtyPerPackUnit SalesUnitLength SalesUnitWeight "
            "PurchaseItemsPerUnit PurchaseQtyPerPackUnit PurchaseUnitLength PurchaseUnitWeight MovingAveragePrice* "
            "AvgStdPrice MaxInventory PurchaseUnitLength1 PurchaseUnitWeight1 SalesUnitLength1 SalesUnitWeight1 "
            "OrderMultiple MinOrderQuantity InventoryWeight InventoryWeight1 CountingItemsPerUnit* ProdStdCost"
        ),
        "date": "ValidFrom ValidTo FrozenFrom FrozenTo CapitalizationDate UpdateDate* CreateDate*",
        "time": "UpdateTime* CreateTime*",
        "yes_no": (
            "VatLiable PurchaseItem SalesItem InventoryItem AssetItem ManageSerialNumbers ManageBatchNumbers Valid Frozen "
            "ManageStockByWarehouse ForceSelectionOfSerialNumber ManageSerialNumbersOnReleaseOnly WTLiable IndirectTax "
            "IsPhantom AutoCreateSerialNumbersOnRelease NoDiscounts StatisticalAsset Cession DeactivateAfterUsefulLife "
            "ManageByQuantity* InCostRollup VirtualAssetItem EnforceAssetSerialNumbers ImportedItem"
        ),
        "enum": (
            "TreeType GLMethod TaxType CostAccountingMethod IssueMethod SRIAndBatchManageMethod PlanningSystem "
            "ProcurementMethod ComponentWarehouse ItemType ItemClass MaterialType TypeOfAdvancedRules IssuePrimarilyBy "
            "AssetStatus* SpProdType"
        ),
        "collection": (
            "ItemPrices ItemWarehouseInfoCollection ItemPreferredVendors ItemLocalizationInfos ItemProjects "
            "ItemDistributionRules ItemAttributeGroups ItemDepreciationParameters ItemPeriodControls "
            "ItemUnitOfMeasurementCollection ItemBarCodeCollection"
        ),
        "complex": "ItemIntrastatExtension",
    },
    "ItemPrice": {
        "int": "PriceList BasePriceList",
        "string": "Currency AdditionalCurrency1 AdditionalCurrency2",
        "number": "Price AdditionalPrice1 AdditionalPrice2 Factor",
        "collection": "UoMPrices",
    },
    "PriceList": {
        "int": "PriceListNo* BasePriceList",
        "string": "PriceListName DefaultPrimeCurrency DefaultAdditionalCurrency1 DefaultAdditionalCurrency2",
        "number": "Factor",
        "date": "ValidFrom ValidTo",
        "enum": "RoundingMethod RoundingRule GroupNum",
        "yes_no": "IsGrossPrice Active",
    },
    "ItemBarCode": {
        "int": "AbsEntry UoMEntry",
        "string": "Barcode FreeText",
    },
    "ProfitCenter": {
        "int": "InWhichDimension CenterOwner",
        "string": "CenterCode CenterName GroupCode CostCenterType",
        "date": "EffectiveFrom EffectiveTo",
        "yes_no": "Active",
    },
    "Dimension": {
        "int": "DimensionCode*",
        "string": "DimensionName* DimensionDescription",
        "yes_no": "IsActive",
    },
    "DistributionRule": {
        "int": "InWhichDimension",
        "string": "FactorCode FactorDescription Direct",
        "number": "TotalFactor",
        "yes_no": "Active IsFixedAmount",
        "collection": "DistributionRuleLines",
    },
    "UserFieldMD": {
        "int": "Size FieldID* EditSize",
        "string": "Name Description LinkedTable DefaultValue TableName LinkedUDO",
        "yes_no": "Mandatory",
        "enum": "Type SubType LinkedSystemObject",
        "collection": "ValidValuesMD",
    },
    "DistributionRuleLine": {
        "string": "CenterCode",
        "number": "TotalInCenter",
        "date": "EffectiveFrom EffectiveTo",
    },
    "AlternateCatNum": {
        "string": "ItemCode CardCode Substitute Description",
        "yes_no": "DisplayBPCatalogNumber IsDefault",
    },
    "Currency": {
        "string": (
            "Code Name DocumentsCode InternationalDescription HundredthName EnglishName EnglishHundredthName "
            "PluralInternationalDescription PluralHundredthName PluralEnglishName PluralEnglishHundredthName"
        ),
        "enum": "Decimals Rounding",
        "yes_no": "RoundingInPayment",
    },
    "UnitOfMeasurement": {
        "int": "AbsEntry VolumeUnit Weight1Unit",
        "string": "Code Name InternationalSymbol",
        "number": "Length1 Width1 Height1 Volume Weight1",
    },
    "UnitOfMeasurementGroup": {
        "int": "AbsEntry BaseUoM",
        "string": "Code Name",
        "collection": "UoMGroupDefinitionCollection",
    },
    "UoMGroupDefinition": {
        "int": "AlternateUoM",
        "number": "AlternateQuantity BaseQuantity",
        "yes_no": "Active",
    },
    "ChartOfAccount": {
        "int": "AccountLevel* ExternalReconNo* InternalReconNo* Category BPLID",
        "string": (
            "Code Name DataExportCode FatherAccountKey ExternalCode AcctCurrency ForeignName Details ProjectCode FormatCode "
            "DefaultVatGroup TransactionCode LoadingFactorCode LoadingFactorCode2 LoadingFactorCode3 LoadingFactorCode4 "
            "LoadingFactorCode5 PlanningLevel DatevAccount BPLName* VATRegNum* ReferentialAccountCode ValidRemarks "
            "FrozenRemarks PrimaryClosingAccount CostElementCode"
        ),
        "number": "Balance* Balance_syscurr* Balance_FrgnCurr*",
        "date": "ValidFrom ValidTo FrozenFrom FrozenTo",
        "yes_no": (
            "CashAccount BudgetAccount ActiveAccount PrimaryAccount* RateConversion TaxLiableAccount TaxExemptAccount Protected "
            "ReconciledAccount LiableForAdvances RevaluationCoordinated LockManualTransaction AllowChangeVatGroup LoadingType "
            "DatevAutoAccount DatevFirstDataEntry AllowMultipleLinking ProjectRelevant DistributionRuleRelevant "
            "DistributionRule2Relevant DistributionRule3Relevant DistributionRule4Relevant DistributionRule5Relevant ValidFor "
            "FrozenFor BlockManualPosting CashFlowRelevant PCN874ReportRelevant CostAccountingOnly CostElementRelevant"
        ),
        "enum": "AccountType AccountPurposeCode",
    },
    "JournalEntry": {
        "int": "JdtNum* Series Number* LocationCode Original* BlanketAgreementNumber*",
        "string": ("Memo Reference Reference2 TransactionCode ProjectCode Indicator BaseReference* Reference3 DocumentType"),
        "number": "WTSum* WTSumSC* WTSumFC*",
        "date": "ReferenceDate TaxDate StornoDate VatDate DueDate",
        "yes_no": "UseAutoStorno AutoVAT AutomaticWT DeferredTax IsCostCenterTransfer",
        "enum": "Printed* OriginalJournal* ResidenceNumberType",
        "collection": "JournalEntryLines WithholdingTaxDataCollection",
    },
    "Payment": {
        "int": "DocNum ContactPersonCode Series DocEntry* LocationCode BPLID BlanketAgreement",
        "string": (
            "CardCode CardName Address CashAccount DocCurrency CheckAccount TransferAccount TransferReference Reference1 "
            "Reference2 CounterReference Remarks JournalRemarks BankCode BankAccount ProjectCode ControlAccount BPLName*"
        ),
        "number": "CashSum TransferSum DocRate CashSumFC* WTAmount BankChargeAmount UnderOverpaymentdifference*",
        "date": "DocDate TransferDate TaxDate VatDate DueDate",
        "yes_no": "HandWritten Printed LocalCurrency ApplyVAT Proforma IsPayToBank Cancelled*",
        "enum": "DocType DocTypte PaymentPriority PaymentType DocObjectCode AuthorizationStatus*",
        "collection": "PaymentChecks PaymentInvoices PaymentCreditCards PaymentAccounts",
    },
    "PaymentInvoice": {
        "int": "LineNum DocEntry DocLine InstallmentId",
        "number": "SumApplied AppliedFC AppliedSys DocRate DiscountPercent PaidSum TotalDiscount TotalDiscountFC",
        "date": "LinkDate*",
        "enum": "InvoiceType",
    },
    "InternalReconciliation": {
        "int": "ReconNum* CancelAbs*",
        "number": "Total*",
        "date": "ReconDate*",
        "enum": "ReconType* CardOrAccount*",
        "collection": "InternalReconciliationRows",
    },
    "InternalReconciliationRow": {
        "int": "TransId* TransRowId* SrcObjAbs*",
        "string": "ShortName* SrcObjTyp*",
        "number": "ReconcileAmount* CashDiscount*",
        "enum": "CreditOrDebit*",
    },
    "DownPaymentToDraw": {
        "int": "DocEntry DocInternalID* RowNum* DocNumber*",
        "string": "Details Name*",
        "number": "AmountToDraw AmountToDrawFC GrossAmountToDraw GrossAmountToDrawFC Tax* TaxFC*",
        "date": "PostingDate* DueDate*",
        "yes_no": "IsGrossLine*",
        "enum": "DownPaymentType*",
    },
    "JournalEntryLine": {
        "int": "Line_ID CheckAbs* LocationCode BlockReason BPLID ExposedTransNumber DocumentArray* DocumentLine*",
        "string": (
            "AccountCode FCCurrency ShortName ContraAccount LineMemo Reference1 Reference2 ProjectCode CostingCode TaxGroup "
            "AdditionalReference CostingCode2 CostingCode3 CostingCode4 TaxCode CostingCode5 ControlAccount FederalTaxID "
            "BPLName* VATRegNum* CostElementCode"
        ),
        "number": (
            "Debit Credit FCDebit FCCredit BaseSum DebitSys CreditSys SystemBaseAmount VatAmount SystemVatAmount GrossValue "
            "EqualizationTaxAmount* SystemEqualizationTaxAmount* TotalTax* SystemTotalTax*"
        ),
        "date": "DueDate ReferenceDate1 ReferenceDate2 TaxDate VatDate",
        "yes_no": "VatLine WTLiable WTRow PaymentBlock PaymentOrdered*",
        "enum": "TaxPostAccount",
    },
}
