"""A sync integration's parts put together: one module a flow, each a row of `opening.FLOWS`. Start reading at `opening.py`."""
