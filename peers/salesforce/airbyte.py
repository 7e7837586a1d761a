"""airbyte-source-salesforce reads the simulated org. Arguments: JSON of where the org listens, an object.

It signs in at login.salesforce.com by a refresh token; that one request is led to the org and made one by client credentials, which is
all that the org grants. It is held to its REST streams, since the org has no Bulk API. Prints JSON: records, seconds.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import urllib.parse
from typing import Any

import requests
import requests.adapters
from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
    Type,
)
from source_salesforce.source import SourceSalesforce

logging.disable(logging.WARNING)


class ByRest(SourceSalesforce):
    @classmethod
    def _get_api_type(cls, *_: Any) -> str:
        return "rest"


def led_to(org: dict[str, str]) -> None:
    """Requests to login.salesforce.com go there."""
    sent = requests.adapters.HTTPAdapter.send

    def send(adapter: Any, request: Any, **named: Any) -> Any:
        parts = urllib.parse.urlsplit(request.url)
        if parts.hostname == "login.salesforce.com":
            form = {"grant_type": "client_credentials"} | {name: org[name] for name in ("client_id", "client_secret")}
            request.prepare_body(form, None)
            request.url = f"{org['url']}{parts.path}"
        return sent(adapter, request, **named)

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]


def read(org: dict[str, str], name: str) -> tuple[int, float]:
    config = {
        "client_id": org["client_id"],
        "client_secret": org["client_secret"],
        "refresh_token": "none",
        "start_date": "2020-01-01T00:00:00Z",
        "stream_slice_step": "P3650D",
        "num_workers": 4,
    }
    stream = AirbyteStream(name=name, json_schema={}, supported_sync_modes=[SyncMode.full_refresh])
    configured = ConfiguredAirbyteStream(
        stream=stream, sync_mode=SyncMode.full_refresh, destination_sync_mode=DestinationSyncMode.overwrite
    )
    catalog = ConfiguredAirbyteCatalog(streams=[configured])
    source = ByRest(catalog, config, None)
    began = time.perf_counter()
    records = sum(message.type == Type.RECORD for message in source.read(logging.getLogger("airbyte"), config, catalog, None))
    return records, time.perf_counter() - began


def held(org: dict[str, str], name: str) -> int:
    """How many records the org itself counts."""
    form = {"grant_type": "client_credentials"} | {part: org[part] for part in ("client_id", "client_secret")}
    token = requests.post(f"{org['url']}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
    query = {"q": f"SELECT COUNT() FROM {name}"}
    answer = requests.get(
        f"{org['url']}/services/data/v63.0/query", query, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    return int(answer.json()["totalSize"])


def main() -> int:
    org = json.loads(sys.argv[1])
    org.setdefault("url", org.get("http", ""))
    expected = held(org, sys.argv[2])
    led_to(org)
    records, seconds = read(org, sys.argv[2])
    print(json.dumps({"records": records, "seconds": seconds}), flush=True)
    return 0 if records == expected else 1


if __name__ == "__main__":
    sys.exit(main())
