"""`python -m mlconn_simulators`: the simulated systems on loopback."""

from __future__ import annotations

import sys

from mlconn_simulators.program import main

sys.exit(main())
