"""What gunicorn and the `flask` command load: `wsgi:app`."""

import sys

from config import ConfigurationError
from customers_api import create_app

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(f"customers-api: {error}")
