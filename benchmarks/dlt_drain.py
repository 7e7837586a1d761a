"""What dlt's REST source does with the same pages: `python -m benchmarks.dlt_drain OPTIONS`, with dlt on PYTHONPATH.

OPTIONS: a JSON object: url (of the company), token, path, page_size, folder. It prints one JSON line: records, seconds of the
extraction alone, and seconds until they lie in files that a program can read.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """A pipeline with the source as its documentation has it: pages by `@odata.nextLink`, rows under `value`."""
    asked = json.loads(sys.argv[1])
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DESTINATION__FILESYSTEM__BUCKET_URL": f"{asked['folder']}/files"}
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": f"{asked['url']}/",
                "headers": {"Prefer": f"odata.maxpagesize={asked['page_size']}"},
                "auth": {"type": "bearer", "token": asked["token"]},
                "paginator": {"type": "json_link", "next_url_path": "'@odata.nextLink'"},
            },
            "resources": [{"name": "sales_invoices", "endpoint": {"path": asked["path"], "data_selector": "value"}}],
        }
    )
    pipeline = dlt.pipeline("drain", destination="filesystem", dataset_name="drain", pipelines_dir=f"{asked['folder']}/state")
    began = time.perf_counter()
    pipeline.extract(source)
    extracted_s = time.perf_counter() - began
    pipeline.normalize()
    pipeline.load()
    whole_s = time.perf_counter() - began
    rows = pipeline.last_trace.last_normalize_info.row_counts["sales_invoices"]
    print(json.dumps({"records": rows, "extracted_s": extracted_s, "whole_s": whole_s}), flush=True)


if __name__ == "__main__":
    main()
