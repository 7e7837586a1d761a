"""`python -m sage_100_agent`, and what the frozen program starts with."""

import sys

from sage_100_agent.program.command import main

if __name__ == "__main__":
    sys.exit(main())
