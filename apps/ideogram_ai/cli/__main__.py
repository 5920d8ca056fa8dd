"""`python -m ideogram_ai.cli` is `ideogram`."""

import sys

from .main import main

sys.exit(main())
