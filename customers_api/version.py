"""The version, said once: setup.cfg and the API reference read it here."""

VERSION = "0.1.0"
