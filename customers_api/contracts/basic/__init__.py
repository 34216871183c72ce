"""The basic contract: /customers, four fields, ids chosen by the client."""
