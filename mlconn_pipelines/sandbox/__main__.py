"""`python -m mlconn_pipelines.sandbox`: the simulated systems on loopback."""

from __future__ import annotations

import sys

from mlconn_pipelines.sandbox.program import main

sys.exit(main())
