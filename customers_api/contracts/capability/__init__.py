"""The capability contract: /api/capabilities/customer-management, and the same as MCP tools."""
