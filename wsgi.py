"""What gunicorn and the `flask` command load: `wsgi:app`."""

import gc
import sys

from config import ConfigurationError
from customers_api import create_app

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(f"customers-api: {error}")

# What is there now stays: nobody need look through it for garbage again, in no worker.
gc.collect()
gc.freeze()
# Requests leave next to none behind, so it is looked for after more of them.
gc.set_threshold(10_000, 20, 50)
