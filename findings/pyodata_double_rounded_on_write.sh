#!/usr/bin/env bash
# pyodata 1.12.1 reads an Edm.Double with all its digits and writes it, and filters by it, with seven.
#
# OData 2.0 gives Edm.Double fifteen digits of precision, and Edm.Single seven (its overview, table of the primitive data types).
# pyodata puts the number through the format {:E}, which keeps six decimals of the mantissa: an amount of 1234567.89 that was just read
# goes back as 1.234568E+06, 11 cents more, in create and in update, and a filter for it asks for 1234568. Nothing is raised. An
# Edm.Single is put through {:f}, so a rate of 0.00000025 is written as 0.000000. An Edm.Decimal goes out as it was handed in.
# So amounts that such a service has as Edm.Double must not be written by way of pyodata once they have more than seven digits.
#
# Seen with Python 3.11 and pyodata 1.12.1. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyodata==1.12.1 lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs

from pyodata import Client

METADATA = b"""<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
 <edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
  <Schema Namespace="LEDGER" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
   <EntityType Name="Invoice">
    <Key><PropertyRef Name="Number"/></Key>
    <Property Name="Number" Type="Edm.String" Nullable="false" MaxLength="10"/>
    <Property Name="Total" Type="Edm.Double"/>
    <Property Name="Rate" Type="Edm.Single"/>
    <Property Name="Net" Type="Edm.Decimal" Precision="15" Scale="2"/>
   </EntityType>
   <EntityContainer Name="Default" m:IsDefaultEntityContainer="true">
    <EntitySet Name="Invoices" EntityType="LEDGER.Invoice"/>
   </EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""


class Service:
    """Stands where requests.Session does: holds one invoice and keeps what it is asked."""

    invoice = {"Number": "1", "Total": "1234567.89", "Rate": "0.00000025", "Net": "1234567.89"}

    def request(self, method, url, params=None, data=None, headers=None):
        self.params, self.data = parse_qs(params or ""), data and json.loads(data)
        answer = {"results": []} if self.params else self.invoice
        content = json.dumps({"d": answer}).encode()
        return SimpleNamespace(
            url=url, status_code=204 if method == "PATCH" else 200, headers={}, content=content, json=lambda: json.loads(content)
        )


service = Service()
invoices = Client("http://erp.example/ledger/", service, metadata=METADATA).entity_sets.Invoices
read = invoices.get_entity("1").execute()
invoices.update_entity("1").set(Total=read.Total, Rate=read.Rate, Net=read.Net).execute()
written = service.data
query = invoices.get_entities()
query.filter(query.Total == read.Total).execute()
asked = service.params["$filter"]
print("read:   ", {"Total": read.Total, "Rate": read.Rate, "Net": read.Net})
print("written:", written)
print("asked:  ", *asked)
seen = (
    (read.Total, read.Rate, read.Net) == (1234567.89, 0.00000025, "1234567.89")
    and written == {"Total": "1.234568E+06", "Rate": "0.000000", "Net": "1234567.89"}
    and asked == ["Total eq 1.234568E+06"]
)
sys.exit(0 if seen else "pyodata behaves otherwise now")
PYTHON
