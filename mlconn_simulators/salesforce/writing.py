"""Creating, changing and deleting records: the rules of every field, and those of the objects."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from mlconn_simulators.salesforce.errors import ApiError, not_found
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.schema import NEVER_CREATED, OBJECTS, Field, SObject, Values, children_of
from mlconn_simulators.salesforce.store import Record, Store, long_id
from mlconn_simulators.salesforce.trade import TradeRules


class Matches(Exception):
    """An external id that several records have."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        super().__init__(f"{len(records)} records match")


_ALIKE_BY = {"Account": "Name", "Contact": "Email"}
"""What the org's duplicate rules compare."""


class Writer:
    """duplicate_rule: whether a second account of one name, or contact of one mail address, is refused, unless the caller allows it."""

    def __init__(self, store: Store, access: Access, trade: TradeRules) -> None:
        self._store, self._access, self._trade = store, access, trade
        self.duplicate_rule = False

    def create(self, of: SObject, body: Values, allow_duplicate: bool = False) -> Record:
        """Errors: ApiError by the rule that refuses."""
        if of.name in NEVER_CREATED:
            raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {of.name}")
        values = self._given(of, body, creating=True)
        missing = [each.name for each in of.fields.values() if each.required and values.get(each.name) is None]
        if missing:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
        self._unique(of, values, None)
        alike = _ALIKE_BY.get(of.name, "")
        twins = self._store.having(of.name, alike, values[alike]) if values.get(alike) else []
        if self.duplicate_rule and twins and not allow_duplicate:
            records = [{"record": {"attributes": {"type": of.name}, "Id": twin.id}} for twin in twins]
            result = {"allowSave": False, "matchResults": [{"entityType": of.name, "matchRecords": records}]}
            raise ApiError(400, "DUPLICATES_DETECTED", "Use one of these records?", duplicateResult=result)
        values = {"OwnerId": self._store.user_id} | values if "OwnerId" in of.fields else values
        if self._access.profile == "multi_currency" and "CurrencyIsoCode" in of.fields:
            values.setdefault("CurrencyIsoCode", "USD")
        self._trade.before(of.name, values, None)
        record = self._store.add(of.name, values)
        self._trade.after(record)
        return record

    def update(self, of: SObject, record: Record, body: Values) -> None:
        values = self._given(of, body, creating=False)
        empty = [name for name, value in values.items() if of.fields[name].required and value is None]
        if empty:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(empty)}]", empty)
        self._unique(of, values, record)
        self._trade.before(of.name, values, record)
        self._store.write(record, values)
        self._trade.after(record)

    def upsert(self, of: SObject, field: Field, value: str, body: Values, allow_duplicate: bool = False) -> tuple[Record, bool]:
        """The record, and whether it is new. Errors: Matches; ApiError, INVALID_FIELD for an external id inside the body."""
        if any(key.lower() == field.name.lower() for key in body):
            message = f"The {field.name} field should not be specified in the sobject data."
            raise ApiError(400, "INVALID_FIELD", message, [field.name])
        if field.name == "Id":
            record = self._store.get(of.name, value)
            self.update(of, record, body)
            return record, False
        match self._store.having(of.name, field.name, value):
            case []:
                return self.create(of, {**body, field.name: value}, allow_duplicate), True
            case [record]:
                self.update(of, record, body)
                return record, False
            case several:
                raise Matches(several)

    def delete(self, of: SObject, record: Record) -> None:
        if of.name in NEVER_CREATED:
            raise ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        self._trade.before(of.name, {}, record)
        for child, reference in children_of(of.name).values():
            if reference.required or child in ("Contact", "Opportunity"):
                for each in self._store.having(child, reference.name, record.id):
                    self.delete(OBJECTS[child], each)
        self._store.delete(record)
        self._trade.after(record)

    def external_id(self, of: SObject, name: str) -> Field:
        """Errors: 404 for a field that is none."""
        found = of.field(name)
        if found is None or not (found.external or found.name == "Id") or found.name not in self._access.fields(of):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
        return found

    def _given(self, of: SObject, body: Values, creating: bool) -> Values:
        values: Values = {}
        for name, value in body.items():
            if name == "attributes":
                continue
            if isinstance(value, dict) and (link := of.by_relationship(name)) is not None:
                values[self._access.writable(of, link.name, creating).name] = self._linked(link, value)
                continue
            field = self._access.writable(of, name, creating)
            if isinstance(value, dict | list):
                raise ApiError(
                    400, "JSON_PARSER_ERROR", f"Cannot deserialize an instance of {field.type} from {field.name}", [field.name]
                )
            values[field.name] = None if value in (None, "") else self._converted(of, field, value)
        return values

    def _linked(self, link: Field, named: Values) -> str:
        """The id of the record that a relationship names by its external id."""
        names = [key for key in named if key != "attributes"]
        target = self._access.object(link.target)
        if len(names) != 1:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"More than 1 field provided in an external foreign key reference in entity: {target.name}",
            )
        field = self.external_id(target, names[0])
        found = self._store.having(target.name, field.name, named[names[0]])
        if len(found) != 1:
            message = f"Foreign key external ID: {str(named[names[0]]).lower()} not found for field {field.name} in entity {target.name}"
            raise ApiError(400, "INVALID_FIELD", message)
        return found[0].id

    def _converted(self, of: SObject, field: Field, value: Any) -> Any:
        try:
            match field.type:
                case "boolean" if isinstance(value, bool):
                    return value
                case "currency" | "double" | "percent" | "int" if not isinstance(value, bool):
                    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-field.scale))
                    return int(number) if field.type == "int" else number
                case "date":
                    return dt.date.fromisoformat(str(value)[:10])
                case "datetime":
                    moment = dt.datetime.fromisoformat(str(value))
                    return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC).replace(microsecond=0)
                case "reference":
                    return self._reference(field, str(value))
                case "boolean" | "address" | "currency" | "double" | "percent" | "int":
                    raise ValueError
        except (ValueError, ArithmeticError):
            message = f"{field.name}: value not of required type: {value}"
            raise ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name]) from None
        return _text(of, field, str(value))

    def _reference(self, field: Field, value: str) -> str:
        target = self._store.find(field.target, value)
        if target is None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
        if target.deleted_at is not None:
            raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted", [field.name])
        if field.name == "OwnerId" and not target.values["IsActive"]:
            raise ApiError(400, "INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{target.id}]", [field.name])
        return long_id(value)

    def _unique(self, of: SObject, values: Values, record: Record | None) -> None:
        for name, value in values.items():
            if not of.fields[name].unique or value is None:
                continue
            for other in self._store.having(of.name, name, value):
                if other is not record:
                    message = f"duplicate value found: {name} duplicates value on record with id: {other.id}"
                    raise ApiError(400, "DUPLICATE_VALUE", message, [name])


def _text(of: SObject, field: Field, value: str) -> str:
    if len(value) > field.length:
        message = f"{of.name} {field.name}: data value too large: {value[:60]} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    if field.restricted and value not in field.values:
        message = f"{field.name}: bad value for restricted picklist field: {value}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return value
